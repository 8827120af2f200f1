"""Everything a scenario runs: databases, files, replica, receiver, APIs, workers and customers, in one folder."""

import asyncio
import contextlib
import json
import random
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
from bench.clip import make_clip

from chaos import HERE
from chaos.customers import Customer, make_customers
from chaos.journal import Journal
from chaos.load import Load
from chaos.processes import Process, environment
from chaos.proxy import Proxy
from chaos.rows import Rows
from chaos.setup import Setup
from s3 import s3_server
from servers import Postgres, free_port, postgres

_READY_S: Final = 60.0
_LONG_S: Final = 3600.0
_SETTINGS: Final[dict[str, Any]] = {
    "allow_private": "127.0.0.0/8",
    "catalogue": str(HERE / "catalogue"),
    "database_connections": 6,
    "drain_s": 3,
    "in_flight_max": 0,
    "previz_off": "*,previz",
    "requests_per_minute": 0,
    "retry_first_s": 0.2,
    "retry_most_s": 2,
    "submit_attempts_max": 12,
    "unknown_age_max_s": 8,
    "webhook_schedule_s": "0,0.3,0.6,1,2,2,3,3,4,4,5,5,5,5,5,5",
    "webhook_timeout_s": 2,
    "worker_lost_s": 4,
}


class World:
    """A running one; `open_world` makes it."""

    def __init__(self, setup: Setup, folder: Path, seed: int) -> None:
        self.setup = setup
        self.folder = folder
        (folder / "data").mkdir(parents=True)
        self.rng = random.Random(seed)
        self.harms: Counter[str] = Counter()  # what was done, and how often: a run without any proves nothing
        self.cluster: Postgres | None = None
        self.proxy: Proxy | None = None
        self.apis: list[Process] = []
        self.workers: list[Process] = []
        self.customers: list[Customer] = []
        self.rows = Rows(folder / "data" / "reelway.db")
        self._helpers: list[Process] = []
        self._urls: list[str] = []
        self._settings: dict[str, Any] = _SETTINGS | {
            "data": str(folder / "data"),
            "operator_secret": secrets.token_hex(32),
        }
        self._secrets: dict[str, str] = {}
        self._seed = seed
        self._supervisors: list[asyncio.Task[None]] = []
        self._clients = Journal(folder / "clients.jsonl")
        self._over = asyncio.Event()

    @property
    def over(self) -> bool:
        """Whether the load has ended: no more harm."""
        return self._over.is_set()

    async def sleep(self, seconds: float) -> None:
        """Or less, when the load has ended."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)

    @property
    def processes(self) -> list[Process]:
        """Those of Reelway."""
        return [*self.apis, *self.workers]

    @property
    def _held_for_good(self) -> bool:
        """Whether policy ends what is held only long after the run."""
        return float(self._settings["unknown_age_max_s"]) > _LONG_S

    @property
    def surprises(self) -> int:
        """How often one of them ended although nobody had asked for it."""
        return sum(p.surprises for p in self.processes)

    def load(self) -> Load:
        """Clients for these APIs."""
        return Load(
            apis=self._urls,
            customers=self.customers,
            hook=self._receiver_url,
            mix=self.setup.mix,
            journal=self._clients,
            seed=self._seed,
        )

    @contextmanager
    def backing(self) -> Iterator[None]:
        """The servers below: PostgreSQL and S3, as the setup says."""
        with ExitStack() as stack:
            if not self.setup.embedded:
                self.cluster = stack.enter_context(postgres(durable=True, options=self.setup.postgres_options))
                self._settings["database"] = self.cluster.url()
                self.rows = Rows(self.cluster.url())
            if self.setup.s3:
                server = stack.enter_context(s3_server())
                self.proxy = Proxy(int(server.endpoint.rpartition(":")[2]), random.Random(self._seed))
                self._settings |= server.settings("chaos")
            yield

    async def begin(self) -> None:
        """Customers, then processes; returns when all of them answer."""
        if self.proxy is not None:
            self._settings["s3_endpoint"] = f"http://127.0.0.1:{await self.proxy.start()}"
        self._settings |= self.setup.settings
        replica, receiver = free_port(), free_port()
        self._replica_url, self._receiver_url = f"http://127.0.0.1:{replica}", f"http://127.0.0.1:{receiver}"
        self.customers, self._secrets = await make_customers(self._settings, self._receiver_url)
        clip = self.folder / "clip.mp4"
        await asyncio.to_thread(make_clip, clip)
        self._help("replica", port=replica, journal=str(self.folder / "replica.jsonl"), clip=str(clip), seed=self._seed)
        journal = str(self.folder / "receiver.jsonl")
        self._help("receiver", port=receiver, journal=journal, secrets=self._secrets, seed=self._seed)
        (self.folder / "world.json").write_text(json.dumps(self._promised(), indent=1))
        await self.wait_for(self._replica_url + "/jobs/none", 404)
        await self.wait_for(self._receiver_url + "/none", 404)
        await self.misbehave()
        if self.setup.embedded:
            self.apis.append(self._reelway("serve", 1))
        else:
            self.apis += [self._reelway("api", n + 1) for n in range(self.setup.apis)]
            self.workers += [self._reelway("worker", n + 1) for n in range(self.setup.workers)]
        await self.wait_for_apis()

    async def wait_for_apis(self) -> None:
        """Until each answers."""
        await asyncio.gather(*(self.wait_for(url + "/healthz", 200) for url in self._urls))

    async def misbehave(self) -> None:
        """The replica and the receiver, as the setup says."""
        await self._put(self._replica_url, self.setup.provider_faults)
        await self._put(self._receiver_url, self.setup.receiver_faults)

    async def heal(self) -> None:
        """The load is over: nobody misbehaves any more, everything runs."""
        self._over.set()
        await self._put(self._replica_url, {})
        await self._put(self._receiver_url, {})
        if self.proxy is not None:
            self.proxy.failing = 0.0
            self.harms["failed writes"] = self.proxy.failed
        for process in self.processes:
            process.resume()
        await self.wait_for_apis()

    async def rest(self, patience_s: float) -> bool:
        """Until all has ended that will, and every webhook has arrived; False when that did not come."""
        ends = time.monotonic() + patience_s
        while time.monotonic() < ends:
            with contextlib.suppress(OSError):
                active, held, pending = await self.rows.unfinished()
                if active == (held if self._held_for_good else 0) and not pending:
                    return True
            await asyncio.sleep(0.3)
        return False

    async def write_down(self) -> None:
        """The records that only the world can make: our rows, and the files as clients get them."""
        tables = await self.rows.tables()
        (self.folder / "rows.json").write_text(json.dumps(tables))
        keys = {c.workspace: c.key for c in self.customers}
        sizes: dict[str, int | None] = {}
        room = asyncio.Semaphore(8)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as http:

            async def download(id: str, key: str) -> None:
                url = f"{self.rng.choice(self._urls)}/v1/videos/{id}/content"
                async with room, http.get(url, headers={"Authorization": f"Bearer {key}"}) as response:
                    body = await response.read()
                    sizes[id] = len(body) if response.status == 200 else None

            await asyncio.gather(
                *(download(g["id"], keys[g["workspace_id"]]) for g in tables["generations"] if g["output"])
            )
        (self.folder / "files.json").write_text(json.dumps(sizes))

    async def end(self) -> None:
        """Stop everything."""
        for task in self._supervisors:
            task.cancel()
        await asyncio.gather(*self._supervisors, return_exceptions=True)
        stopping = (asyncio.to_thread(p.stop) for p in [*self.processes, *self._helpers])
        await asyncio.gather(*stopping)
        if self.proxy is not None:
            await self.proxy.stop()
        self._clients.close()

    async def wait_for(self, url: str, status: int) -> None:
        """Until it answers with that status."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as http, asyncio.timeout(_READY_S):
            while True:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with http.get(url) as response:
                        if response.status == status:
                            return
                await asyncio.sleep(0.1)

    def _promised(self) -> dict[str, Any]:
        """What the audit holds us to; the limits are those of chaos/plugin."""
        slack = {"slack": self.setup.pace_slack}
        replica = slack | {"in_flight_max": 8, "submits_per_minute": 240, "burst": 24, "can_tell": True}
        blind = slack | {"in_flight_max": 4, "submits_per_minute": 120, "burst": 12, "can_tell": False}
        if self.setup.embedded:  # one process keeps to the places; the pace is for many
            replica["submits_per_minute"] = blind["submits_per_minute"] = None
        granted = {f"{c.workspace}/live": c.granted_microusd for c in self.customers}
        return {"granted": granted, "providers": {"replica": replica, "replica_blind": blind}}

    def _help(self, module: str, **config: Any) -> None:
        process = Process(
            module, ["-m", f"chaos.{module}", json.dumps(config)], self.folder / f"{module}.log", environment()
        )
        process.start()
        self._helpers.append(process)

    def _reelway(self, command: str, number: int) -> Process:
        port = free_port()
        given = {f"REELWAY_{name.upper()}": str(value) for name, value in self._settings.items()}
        given |= {"REELWAY_HEALTH_PORT" if command == "worker" else "REELWAY_PORT": str(port)}
        name = f"{command}{number}"
        given |= {k: v.format(folder=self.folder, name=name) for k, v in self.setup.environ.items()}
        given |= {"REPLICA_URL": self._replica_url}
        if command != "worker":
            self._urls.append(f"http://127.0.0.1:{port}")
        process = Process(name, ["-m", "reelway", command], self.folder / f"{name}.log", environment(**given))
        process.start()
        self._supervisors.append(asyncio.create_task(process.supervise(), name=name))
        return process

    async def _put(self, url: str, faults: dict[str, float]) -> None:
        async with aiohttp.ClientSession() as http, http.put(f"{url}/faults", json=faults) as response:
            response.raise_for_status()


@asynccontextmanager
async def open_world(setup: Setup, folder: Path, seed: int) -> AsyncIterator[World]:
    """Everything up until the block ends."""
    world = World(setup, folder, seed)
    stack = ExitStack()
    await asyncio.to_thread(stack.enter_context, world.backing())
    try:
        await world.begin()
        yield world
    finally:
        await world.end()
        await asyncio.to_thread(stack.close)
