"""The way out: what it refuses, what it gives up on, what it never carries along.

Nothing here dials anything but 127.0.0.1. Where another address is meant to be refused or allowed, the
socket opener writes down what it was asked for and raises.
"""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from reelway.errors import OutboundError
from reelway.kit.addresses import dialable
from reelway.kit.guard import AddrInfo, Guard
from reelway.kit.outbound import Outbound

LOOPBACK = (IPv4Network("127.0.0.0/8"),)
KIB = 1024
Serve = Callable[..., Awaitable[str]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeResolver(AbstractResolver):
    """Answers from a table; a name that is not in it does not exist."""

    def __init__(self, names: dict[str, list[str]]) -> None:
        self.names = names
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        if host not in self.names:
            raise OSError(None, "no such name")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self.names[host]
        ]

    async def close(self) -> None:
        pass


class Dialled(list[str]):
    """A socket opener that never opens: it keeps the address and fails like a closed port."""

    def __call__(self, info: AddrInfo) -> socket.socket:
        self.append(str(info[4][0]))
        raise ConnectionRefusedError("nothing is dialled in tests")


def loopback_only(info: AddrInfo) -> socket.socket:
    assert info[4][0] == "127.0.0.1", f"a test tried to dial {info[4][0]}"
    return socket.socket(info[0], info[1], info[2])


@pytest.fixture
async def out() -> AsyncIterator[Outbound]:
    """Talks to servers of this test on 127.0.0.1; other.test is a second name for them."""
    names = FakeResolver({"one.test": ["127.0.0.1"], "other.test": ["127.0.0.1"]})
    outbound = Outbound(user_agent="reelway-test", allow_private=LOOPBACK, open_socket=loopback_only, resolver=names)
    yield outbound
    await outbound.aclose()


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start a web server for one handler; gives its base URL."""
    runners: list[web.AppRunner] = []

    async def start(handler: Handler) -> str:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", handler)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()


async def refusal(outbound: Outbound, url: str) -> OutboundError:
    with pytest.raises(OutboundError) as caught:
        await outbound.send("GET", url, timeout_s=5)
    await outbound.aclose()
    return caught.value


# Addresses.

PRIVATE = [
    "127.0.0.1",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.9",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_literal_private_address_is_never_dialled(address: str) -> None:
    dialled = Dialled()
    host = f"[{address}]" if ":" in address else address
    error = await refusal(Outbound(user_agent="t", open_socket=dialled), f"http://{host}/")
    assert (error.reason, error.sent, dialled) == ("refused_address", False, [])


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_leads_to_a_private_address_is_never_dialled(address: str) -> None:
    dialled = Dialled()
    outbound = Outbound(user_agent="t", open_socket=dialled, resolver=FakeResolver({"a.test": [address]}))
    error = await refusal(outbound, "https://a.test/")
    assert (error.reason, error.sent, dialled) == ("refused_address", False, [])


async def test_a_refusal_does_not_tell_what_an_internal_name_resolves_to() -> None:
    outbound = Outbound(
        user_agent="t", open_socket=Dialled(), resolver=FakeResolver({"db.test": ["10.9.8.7", "10.9.8.6"]})
    )
    error = await refusal(outbound, "http://db.test/")
    assert error.reason == "refused_address"
    assert "10.9" not in error.message


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "127.1",
        "0177.0.0.1",
        "017700000001",
        "①②⑦.0.0.1",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
    ],
)
async def test_an_oddly_spelled_address_is_refused_before_anyone_resolves_it(host: str) -> None:
    dialled, names = Dialled(), FakeResolver({})
    error = await refusal(Outbound(user_agent="t", open_socket=dialled, resolver=names), f"http://{host}/")
    assert (error.reason, dialled, names.asked) == ("refused_address", [], [])


async def test_a_resolver_that_hands_back_a_name_cannot_smuggle_a_second_lookup() -> None:
    dialled = Dialled()
    outbound = Outbound(user_agent="t", open_socket=dialled, resolver=FakeResolver({"a.test": ["localhost"]}))
    error = await refusal(outbound, "http://a.test/")
    assert (error.reason, dialled) == ("refused_address", [])


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"])
def test_a_public_address_may_be_dialled(address: str) -> None:
    assert dialable(ip_address(address))


async def test_of_several_addresses_only_the_public_ones_are_dialled() -> None:
    dialled = Dialled()
    outbound = Outbound(
        user_agent="t",
        open_socket=dialled,
        resolver=FakeResolver({"a.test": ["10.0.0.1", "8.8.8.8", "fd00::1", "169.254.169.254"]}),
    )
    error = await refusal(outbound, "http://a.test/")
    assert set(dialled) == {"8.8.8.8"}
    assert not error.sent


async def test_an_allowed_network_is_dialled_and_nothing_beside_it() -> None:
    dialled = Dialled()
    names = FakeResolver({"a.test": ["10.1.0.1", "10.2.0.1"]})
    allowed = (ip_network("10.1.0.0/16"),)
    await refusal(
        Outbound(user_agent="t", open_socket=dialled, resolver=names, allow_private=allowed), "http://a.test/"
    )
    assert set(dialled) == {"10.1.0.1"}


def test_an_allowed_ipv4_network_covers_its_mapped_form_but_not_the_nat64_gateway() -> None:
    assert dialable(ip_address("::ffff:127.0.0.1"), LOOPBACK)
    assert not dialable(ip_address("64:ff9b::127.0.0.1"), LOOPBACK)
    assert dialable(ip_address("fd00::1"), (IPv6Network("fd00::/8"),))


async def test_the_address_judged_is_the_address_dialled(serve: Serve) -> None:
    """A name that answers public once and private the next time (DNS rebinding) is refused the next time."""

    class Rebinding(FakeResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            self.names = {host: ["8.8.8.8" if not self.asked else "127.0.0.1"]}
            return await super().resolve(host, port, family)

    dialled = Dialled()
    outbound = Outbound(user_agent="t", open_socket=dialled, resolver=Rebinding({}))
    with pytest.raises(OutboundError):
        await outbound.send("GET", "http://a.test:8001/", timeout_s=5)
    error = await refusal(outbound, "http://a.test:8002/")
    assert error.reason == "refused_address"
    assert dialled == ["8.8.8.8"]


# URLs.


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/path",
        "file:///etc/passwd",
        "ftp://one.test/",
        "gopher://one.test/",
        "http:///path",
        "http://user:secret@one.test/",
        "http://one.test@/",
        "http://one.test:0/",
        "http://one.test:22/",
        "http://one.test:25/",
        "http://one.test:99999/",
        "http://one.test:port/",
        "http://%6cocalhost/",
        "http://one.test/a b",
        "http://one.test/\r\nHost: two.test",
        "http://one.test\\@two.test/",
        f"http://{'a' * 64}.test/",
        f"http://one.test/{'a' * 9000}",
        "http://[::1/",
        "http://exa<mple.test/",
    ],
)
async def test_a_bad_url_is_refused_without_a_lookup(url: str) -> None:
    dialled, names = Dialled(), FakeResolver({})
    error = await refusal(Outbound(user_agent="t", open_socket=dialled, resolver=names), url)
    assert (error.reason, error.sent, dialled, names.asked) == ("bad_url", False, [], [])
    assert "secret" not in error.message


async def test_a_presigned_url_arrives_letter_for_letter(out: Outbound, serve: Serve) -> None:
    seen: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.raw_path)
        return web.Response()

    base = await serve(handler)
    await out.send("GET", f"{base}/a%2Fb%7E?sig=%2Fx%2B%3d&t=~", timeout_s=5)
    assert seen == ["/a%2Fb%7E?sig=%2Fx%2B%3d&t=~"]


# Redirects.


def redirects(table: dict[str, str], status: int = 302) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        if request.path in table:
            return web.Response(status=status, headers={"Location": table[request.path]})
        return web.Response(body=b"here", content_type="image/png")

    return handler


async def test_a_relative_redirect_is_followed_and_the_final_url_told(out: Outbound, serve: Serve) -> None:
    base = await serve(redirects({"/a": "b?x=%2F"}))
    fetched = await out.fetch(f"{base}/a", size_bytes_max=KIB)
    assert (fetched.body, fetched.media_type, fetched.final_url) == (b"here", "image/png", f"{base}/b?x=%2F")


async def test_redirects_end(out: Outbound, serve: Serve) -> None:
    base = await serve(redirects({"/a": "/a"}))
    with pytest.raises(OutboundError, match="more than 3 redirects") as caught:
        await out.fetch(f"{base}/a", size_bytes_max=KIB)
    assert (caught.value.reason, caught.value.sent) == ("bad_redirect", True)


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("file:///etc/passwd", "bad_redirect"),
        ("ftp://127.0.0.1/", "bad_redirect"),
        ("http://user:pw@127.0.0.1:8000/", "bad_redirect"),
        ("http://127.0.0.1:22/", "bad_redirect"),
        ("http://[::1/", "bad_redirect"),
        ("http://10.0.0.1/", "refused_address"),
        ("http://169.254.169.254/latest/meta-data/", "refused_address"),
        ("http://[::ffff:10.0.0.1]/", "refused_address"),
        ("//2130706433/", "refused_address"),
    ],
)
async def test_a_redirect_is_judged_like_a_first_url(out: Outbound, serve: Serve, location: str, reason: str) -> None:
    base = await serve(redirects({"/a": location}))
    with pytest.raises(OutboundError) as caught:
        await out.fetch(f"{base}/a", size_bytes_max=KIB)
    assert (caught.value.reason, caught.value.sent) == (reason, True)


async def test_a_redirect_to_a_name_with_a_private_address_is_refused(serve: Serve) -> None:
    base = await serve(redirects({"/a": "http://metadata.test/"}))
    outbound = Outbound(
        user_agent="t",
        allow_private=LOOPBACK,
        open_socket=loopback_only,
        resolver=FakeResolver({"metadata.test": ["169.254.169.254"]}),
    )
    error = None
    try:
        await outbound.fetch(f"{base}/a", size_bytes_max=KIB)
    except OutboundError as caught:
        error = caught
    finally:
        await outbound.aclose()
    assert error is not None
    assert (error.reason, error.sent) == ("refused_address", True)


async def test_https_is_never_left_for_plain_http() -> None:
    """Judged on the URLs alone: a TLS server in a test would need a key in the repository."""
    guard = Guard(LOOPBACK, trusted=None, open_socket=loopback_only)
    with pytest.raises(OutboundError, match="plain http") as caught:
        guard.onward(URL("https://one.test/a"), "http://one.test/b")
    assert caught.value.reason == "bad_redirect"


async def test_the_callers_headers_stop_at_the_border_of_the_origin(out: Outbound, serve: Serve) -> None:
    """Else a provider's redirect to a bucket hands our API key to the bucket's owner, or to anyone."""
    seen: list[tuple[str, str | None]] = []
    base = ""

    async def handler(request: web.Request) -> web.Response:
        seen.append((f"{request.host.split(':')[0]}{request.path}", request.headers.get("Authorization")))
        onward = {
            "/a": "/b",
            "/b": base.replace("127.0.0.1", "other.test") + "/c",
            "/c": f"{base}/d",
        }
        if request.path in onward:
            return web.Response(status=302, headers={"Location": onward[request.path]})
        return web.Response(body=b"clip")

    base = await serve(handler)
    headers = {"Authorization": "Bearer secret"}
    chunks = [chunk async for chunk in out.download(f"{base}/a", headers=headers, size_bytes_max=KIB, timeout_s=5)]
    assert chunks == [b"clip"]
    assert seen == [
        ("127.0.0.1/a", "Bearer secret"),
        ("127.0.0.1/b", "Bearer secret"),
        ("other.test/c", None),
        ("127.0.0.1/d", None),
    ]


async def test_a_send_hands_back_a_redirect_as_an_answer(out: Outbound, serve: Serve) -> None:
    base = await serve(redirects({"/hook": "/elsewhere"}, status=307))
    reply = await out.send("POST", f"{base}/hook", json={"a": 1}, timeout_s=5)
    assert (reply.status, reply.headers["location"]) == (307, "/elsewhere")


async def test_a_body_is_never_sent_on(out: Outbound) -> None:
    with pytest.raises(ValueError, match="POST cannot follow redirects"):
        await out.send("POST", "http://one.test/", json={}, timeout_s=5, redirects_max=1)


# Sizes.


async def test_a_body_over_the_cap_is_refused_by_its_announced_length(out: Outbound, serve: Serve) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(KIB * KIB), "Content-Type": "image/png"})
        await response.prepare(request)
        await asyncio.sleep(30)  # not one byte: only the announcement can have refused it
        return response

    base = await serve(handler)
    for attempt in (
        out.fetch(base, size_bytes_max=KIB),
        anext(aiter(out.download(base, size_bytes_max=KIB, timeout_s=5))),
        out.send("GET", base, timeout_s=5),
    ):
        with pytest.raises(OutboundError) as caught:
            await attempt
        assert (caught.value.reason, caught.value.sent) == ("too_large", True)


async def test_a_body_over_the_cap_is_refused_though_nothing_announced_it(out: Outbound, serve: Serve) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "image/png"})
        await response.prepare(request)
        while True:
            await response.write(b"x" * KIB)

    base = await serve(handler)
    with pytest.raises(OutboundError) as caught:
        await out.fetch(base, size_bytes_max=100 * KIB)
    assert caught.value.reason == "too_large"
    received = 0
    reason = None
    try:
        async for chunk in out.download(base, size_bytes_max=100 * KIB, timeout_s=5):
            received += len(chunk)
    except OutboundError as error:
        reason = error.reason
    assert reason == "too_large"
    assert 0 < received <= 100 * KIB


async def test_a_compression_bomb_counts_by_what_it_unpacks_to(out: Outbound, serve: Serve) -> None:
    bomb = gzip.compress(bytes(64 * KIB * KIB))
    assert len(bomb) < 70 * KIB

    async def handler(request: web.Request) -> web.Response:
        assert request.headers["Accept-Encoding"] == "identity"
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip", "Content-Type": "image/png"})

    base = await serve(handler)
    with pytest.raises(OutboundError) as caught:
        await out.fetch(base, size_bytes_max=1000 * KIB)
    assert caught.value.reason == "too_large"


async def test_what_fits_exactly_is_not_too_large(out: Outbound, serve: Serve) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * KIB, content_type="video/mp4")

    base = await serve(handler)
    assert len((await out.fetch(base, size_bytes_max=KIB)).body) == KIB
    assert len((await out.send("GET", base, timeout_s=5, response_bytes_max=KIB)).body) == KIB


async def test_a_chatty_answer_can_be_cut_instead_of_refused(out: Outbound, serve: Serve) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * KIB * KIB)

    reply = await out.send(
        "POST", await serve(handler), body=b"", timeout_s=5, response_bytes_max=10, cut_long_response=True
    )
    assert (reply.status, reply.body) == (200, b"x" * 10)


# Time.


async def test_a_slow_drip_cannot_stretch_the_deadline(out: Outbound, serve: Serve) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "image/png"})
        await response.prepare(request)
        for _ in range(600):
            await response.write(b"x")
            await asyncio.sleep(0.05)
        return response

    base = await serve(handler)
    clock = asyncio.get_running_loop().time
    for fetching in (
        out.fetch(base, size_bytes_max=KIB, timeout_s=0.3),
        out.send("GET", base, timeout_s=0.3),
        _all(out.download(base, size_bytes_max=KIB, timeout_s=0.3)),
    ):
        started = clock()
        with pytest.raises(OutboundError) as caught:
            await fetching
        assert (caught.value.reason, caught.value.sent) == ("timeout", True)
        assert clock() - started < 2


async def test_the_deadline_of_a_download_never_hits_the_reader_between_two_chunks(out: Outbound, serve: Serve) -> None:
    """A timeout left open over a yield would cancel the task that reads, in the middle of its own work."""

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        await asyncio.sleep(30)
        return response

    download = out.download(await serve(handler), size_bytes_max=KIB, timeout_s=0.2)
    assert await anext(aiter(download)) == b"first"
    await asyncio.sleep(0.4)  # would raise CancelledError
    with pytest.raises(OutboundError) as caught:
        await anext(aiter(download))
    assert caught.value.reason == "timeout"


async def test_a_callers_cancellation_is_not_turned_into_a_timeout(out: Outbound, serve: Serve) -> None:
    async def handler(request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    task = asyncio.create_task(out.send("GET", await serve(handler), timeout_s=20))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# What may have reached the other side.


async def test_a_refused_connection_was_not_sent(out: Outbound) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # bound, not listening: nobody answers here
        with pytest.raises(OutboundError) as caught:
            await out.send("POST", f"http://127.0.0.1:{bound.getsockname()[1]}/", json={}, timeout_s=5)
    assert (caught.value.reason, caught.value.sent) == ("unreachable", False)


async def test_a_name_that_does_not_exist_was_not_sent(out: Outbound) -> None:
    with pytest.raises(OutboundError, match=r"no host nowhere\.test") as caught:
        await out.send("POST", "http://nowhere.test/", json={}, timeout_s=5)
    assert (caught.value.reason, caught.value.sent) == ("unreachable", False)


async def test_a_lookup_that_hangs_was_not_sent() -> None:
    class Hanging(FakeResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            await asyncio.sleep(30)
            return []

    outbound = Outbound(user_agent="t", open_socket=Dialled(), resolver=Hanging({}))
    with pytest.raises(OutboundError) as caught:
        await outbound.send("POST", "http://a.test/", json={}, timeout_s=0.1)
    await outbound.aclose()
    assert (caught.value.reason, caught.value.sent) == ("timeout", False)


async def test_a_failed_tls_handshake_was_not_sent(out: Outbound) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"this is not TLS\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(OutboundError) as caught:
            await out.send("POST", f"https://127.0.0.1:{port}/", json={}, timeout_s=5)
    assert (caught.value.reason, caught.value.sent) == ("unreachable", False)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"220 mail.test ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\njunk",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\njunk",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_an_answer_that_breaks_off_may_have_been_sent(out: Outbound, answer: bytes) -> None:
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(break_off, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(OutboundError) as caught:
            await out.send("POST", f"http://127.0.0.1:{port}/", json={}, timeout_s=5)
    assert (caught.value.reason, caught.value.sent) == ("unreachable", True)


async def test_a_post_never_goes_out_on_a_used_connection(out: Outbound, serve: Serve) -> None:
    """Else it may meet a connection that the other side is just closing, and its fate is unknown."""
    ports: list[tuple[str, int]] = []

    async def handler(request: web.Request) -> web.Response:
        assert request.transport is not None
        ports.append((request.method, request.transport.get_extra_info("peername")[1]))
        return web.Response()

    base = await serve(handler)
    for method in ("POST", "POST", "GET", "GET"):
        await out.send(method, base, timeout_s=5)
    assert ports[0][1] != ports[1][1]
    assert ports[2][1] == ports[3][1], "polls share a connection"


# Answers.


async def test_every_status_is_an_answer_to_send(out: Outbound, serve: Serve) -> None:
    async def handler(request: web.Request) -> web.Response:
        assert request.headers["User-Agent"] == "reelway-test"
        assert request.headers["Content-Type"] == "application/json"
        return web.json_response({"got": await request.json()}, status=429, headers={"Retry-After": "7", "X-Odd": "é"})

    reply = await out.send("POST", await serve(handler), json={"prompt": "ü"}, timeout_s=5)
    assert (reply.status, reply.json, reply.headers["retry-after"]) == (429, {"got": {"prompt": "ü"}}, "7")


async def test_an_answer_that_is_not_json_raises_value_error(out: Outbound, serve: Serve) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="<html>")

    reply = await out.send("GET", await serve(handler), timeout_s=5)
    with pytest.raises(ValueError, match="expected"):
        _ = reply.json


@pytest.mark.parametrize("status", [204, 404, 410, 500, 304])
async def test_a_file_must_come_with_a_success(out: Outbound, serve: Serve, status: int) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=status)

    base = await serve(handler)
    if status == 204:
        assert (await out.fetch(base, size_bytes_max=KIB)).body == b""
        return
    with pytest.raises(OutboundError, match=f"answered {status}") as caught:
        await out.fetch(base, size_bytes_max=KIB)
    assert (caught.value.reason, caught.value.status, caught.value.sent) == ("bad_status", status, True)


async def test_a_web_page_is_not_input_media(out: Outbound, serve: Serve) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="<html>log in first</html>", content_type="text/html")

    with pytest.raises(OutboundError, match="text/html") as caught:
        await out.fetch(await serve(handler), size_bytes_max=KIB)
    assert caught.value.reason == "bad_media_type"


async def test_no_cookie_is_ever_kept(out: Outbound, serve: Serve) -> None:
    cookies: list[str | None] = []

    async def handler(request: web.Request) -> web.Response:
        cookies.append(request.headers.get("Cookie"))
        response = web.Response()
        response.set_cookie("session", "x")
        return response

    base = (await serve(handler)).replace("127.0.0.1", "one.test")
    for _ in range(2):
        await out.send("GET", base, timeout_s=5)
    assert cookies == [None, None]


async def test_the_environment_cannot_put_a_proxy_in_the_way(
    out: Outbound, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="direct")

    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert (await out.send("GET", await serve(handler), timeout_s=5)).body == b"direct"


async def test_a_download_is_whole_and_in_small_pieces(out: Outbound, serve: Serve) -> None:
    clip = bytes(range(256)) * 4 * KIB

    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=clip)

    chunks = await _all(out.download(await serve(handler), size_bytes_max=len(clip), timeout_s=5))
    assert b"".join(chunks) == clip
    assert max(map(len, chunks)) <= 64 * KIB


async def _all(chunks: AsyncIterator[bytes]) -> list[bytes]:
    return [chunk async for chunk in chunks]
