"""Real servers that tests, chaos and benchmarks start for themselves, on free ports of 127.0.0.1.

PostgreSQL comes from the system's packages (`initdb` and `postgres`); root may start it, it runs as another user.
"""

import asyncio
import contextlib
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import asyncpg

_USER = "reelway"
_UNPRIVILEGED = ("postgres", "nobody")


def free_port() -> int:
    """A port that nobody listens on, a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Postgres:
    """One cluster in a folder of its own; `durable` syncs to disk as a real one does."""

    def __init__(self, folder: Path, *, durable: bool = False, options: Sequence[str] = ()) -> None:
        self.port = free_port()
        self._data = folder / "pgdata"
        self._log = folder / "postgres.log"
        self._options = [*options, *(() if durable else ("fsync=off", "full_page_writes=off"))]
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = itertools.count(1)
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            account = next(a for name in _UNPRIVILEGED if (a := _account(name)) is not None)
            self._as = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            os.chown(folder, account.pw_uid, account.pw_gid)
        subprocess.run(
            [binary("initdb"), "-D", self._data, "-A", "trust", "-U", _USER, "-E", "UTF8", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
            **self._as,
        )

    def url(self, database: str = "postgres") -> str:
        """To connect with."""
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start, and wait until it takes connections."""
        given = [f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=300"]
        arguments = [part for option in (*given, *self._options) for part in ("-c", option)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [binary("postgres"), "-D", self._data, *arguments], stdout=log, stderr=log, cwd="/", **self._as
            )
        ends = time.monotonic() + 30
        while True:
            try:
                asyncio.run(self._ping())
            except (OSError, asyncpg.PostgresError):
                if self._process.poll() is not None or time.monotonic() > ends:
                    raise RuntimeError(f"PostgreSQL does not start:\n{self._log.read_text()[-2000:]}") from None
                time.sleep(0.05)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: connections are cut, all is written; SIGQUIT: as in a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    async def _ping(self) -> None:
        connection = await asyncpg.connect(self.url(), timeout=5)
        await connection.close()

    async def make(self, template: str = "template1") -> str:
        """A new database, as a copy of another; its name."""
        name = f"t{os.getpid()}_{next(self._databases)}"
        await self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    async def drop(self, name: str) -> None:
        """Gone, whoever is connected."""
        await self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    async def _run(self, sql: str) -> None:
        connection = await asyncpg.connect(self.url())
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


@contextlib.contextmanager
def postgres(*, durable: bool = False, options: Sequence[str] = ()) -> Iterator[Postgres]:
    """A running cluster until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="reelway-pg-"))
    cluster = Postgres(folder, durable=durable, options=options)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop(signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def database(cluster: Postgres, template: str = "template1") -> AsyncIterator[str]:
    """The URL of a new database until the block ends."""
    name = await cluster.make(template)
    try:
        yield cluster.url(name)
    finally:
        await cluster.drop(name)


def binary(name: str) -> Path:
    """A program of the newest PostgreSQL on this machine; raises RuntimeError saying how to get it."""
    found = [p for p in Path("/usr/lib/postgresql").glob(f"*/bin/{name}") if p.exists()]
    if found:
        return max(found, key=lambda p: int(p.parts[-3].split(".")[0]))
    on_path = shutil.which(name)
    if on_path is None:
        raise RuntimeError(f"{name} is missing: install PostgreSQL (Debian and Ubuntu: apt install postgresql)")
    return Path(on_path).resolve()


def _account(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None
