"""A PostgreSQL cluster of our own for one measure: durable, on a free port, gone afterwards."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
from tests.servers import Postgres, postgres

from bench import machine

# As a first page of tuning advice would set them, for ours and for the limits alike; syncing is left as it is.
_OPTIONS = ("shared_buffers=512MB", "max_wal_size=4GB", "checkpoint_timeout=15min")


class Cluster:
    """Databases to make, and what the server costs."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        ((folder,),) = self.ask(server.url(), "SHOW data_directory")
        self._pid = int((Path(folder) / "postmaster.pid").read_text().split()[0])

    def make(self, template: str | None = None) -> str:
        """The URL of a new database, or of a copy of that at `template`, which nobody may be connected to."""
        name = "template1" if template is None else template.rpartition("/")[2]
        return self._server.url(asyncio.run(self._server.make(name)))

    def ask(self, url: str, text: str, *args: Any) -> list[Any]:
        """One statement, outside of any transaction; its rows. Raises RuntimeError."""

        async def run() -> list[Any]:
            connection = await asyncpg.connect(url)
            try:
                return [tuple(row) for row in await connection.fetch(text, *args, timeout=600)]
            finally:
                await connection.close()

        try:
            return asyncio.run(run())
        except asyncpg.PostgresError as error:
            raise RuntimeError(f"{text}: {error}") from error

    def count(self, url: str, condition: str) -> int:
        """Generations of which `condition` is true."""
        ((rows,),) = self.ask(url, f"SELECT COUNT(*) FROM generations WHERE {condition}")
        return int(rows)

    def cpu_s(self) -> float:
        """CPU time of all its processes so far."""
        while True:
            try:
                alive = sum(machine.cpu_s(pid) for pid in machine.children(self._pid))
            except (FileNotFoundError, ProcessLookupError):  # one ended under us: its time is its parent's now
                continue
            return machine.cpu_s(self._pid) + machine.cpu_of_ended_children_s(self._pid) + alive


@contextlib.contextmanager
def start_cluster() -> Iterator[Cluster]:
    """Raises RuntimeError saying how to get PostgreSQL where there is none."""
    with postgres(durable=True, options=_OPTIONS) as server:
        yield Cluster(server)
