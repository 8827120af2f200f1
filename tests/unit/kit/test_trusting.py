"""An operator's own base URL may be private; nothing else becomes reachable by that."""

import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer

from reelway.errors import OutboundError
from reelway.kit.guard import AddrInfo
from reelway.kit.outbound import Outbound


class Everywhere(AbstractResolver):
    """Every name is this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        pass


def loopback_only(info: AddrInfo) -> socket.socket:
    assert info[4][0] == "127.0.0.1"
    return socket.socket(info[0], info[1], info[2])


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    made = Outbound(user_agent="reelway-test", resolver=Everywhere(), open_socket=loopback_only)
    yield made
    await made.aclose()


@pytest.fixture
async def engine() -> AsyncIterator[TestServer]:
    async def answer(request: web.Request) -> web.Response:
        if request.path.startswith("/to/"):
            raise web.HTTPFound(request.query["url"])
        return web.Response(text=request.headers.get("Authorization", "no key"))

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        yield server


async def test_the_named_origin_is_reached_by_address_and_by_name(outbound: Outbound, engine: TestServer) -> None:
    for host in ("127.0.0.1", "engine.lan"):
        client = outbound.trusting(f"http://{host}:{engine.port}/v1")
        assert (await client.send("GET", f"http://{host}:{engine.port}/v1/videos", timeout_s=5)).status == 200
        assert (await client.send("POST", f"http://{host}:{engine.port}/v1/videos", json={}, timeout_s=5)).status == 200


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{other}/v1",  # another port
        "http://elsewhere.lan:{port}/v1",  # another name for the same place
        "https://engine.lan:{port}/v1",  # another scheme
        "http://127.0.0.1:{port}/v1",  # its address
        "http://user@engine.lan:{port}/v1",
    ],
)
async def test_nothing_else_is(outbound: Outbound, engine: TestServer, url: str) -> None:
    port = engine.port or 0
    client = outbound.trusting(f"http://engine.lan:{port}/v1")
    await client.send("GET", f"http://engine.lan:{port}/", timeout_s=5)  # with a connection left in the pool
    with pytest.raises(OutboundError) as caught:
        await client.send("GET", url.format(port=port, other=port + 1), timeout_s=5)
    assert caught.value.reason in ("refused_address", "bad_url")
    assert not caught.value.sent


async def test_the_shared_client_trusts_nobody_by_it(outbound: Outbound, engine: TestServer) -> None:
    base_url = f"http://engine.lan:{engine.port}"
    await outbound.trusting(base_url).send("GET", base_url, timeout_s=5)
    for other in (outbound, outbound.trusting("http://other.lan:8000")):
        with pytest.raises(OutboundError) as caught:
            await other.send("GET", base_url, timeout_s=5)
        assert caught.value.reason == "refused_address"


async def test_a_redirect_from_there_is_guarded(outbound: Outbound, engine: TestServer) -> None:
    base_url = f"http://engine.lan:{engine.port}"
    client = outbound.trusting(base_url)
    key = {"Authorization": "Bearer key"}
    with pytest.raises(OutboundError) as caught:
        url = f"{base_url}/to/?url=http://metadata.internal:{engine.port}/"
        await client.send("GET", url, headers=key, timeout_s=5, redirects_max=1)
    assert caught.value.reason == "refused_address"
    reply = await client.send("GET", f"{base_url}/to/?url=/x", headers=key, timeout_s=5, redirects_max=1)
    assert reply.body == b"Bearer key"


async def test_a_low_port_that_the_operator_names_is_tried(outbound: Outbound) -> None:
    with pytest.raises(OutboundError) as caught:
        await outbound.trusting("http://engine.lan:81").send("GET", "http://engine.lan:81/", timeout_s=5)
    assert caught.value.reason == "unreachable"


async def test_closing_one_closes_all(engine: TestServer) -> None:
    outbound = Outbound(user_agent="reelway-test", resolver=Everywhere(), open_socket=loopback_only)
    base_url = f"http://engine.lan:{engine.port}"
    client = outbound.trusting(base_url)
    assert outbound.trusting(base_url) is client
    await client.send("GET", base_url, timeout_s=5)
    await outbound.aclose()
    assert client._sessions == {}
