"""The clients: creates over several APIs with several keys, twins, cancels and reads; every answer is written down."""

import asyncio
import random
import uuid
from typing import Any, Final

import aiohttp

from chaos.customers import Customer
from chaos.journal import Journal
from chaos.setup import Mix

_PATIENCE_S: Final = 8.0  # of a client; cancels wait up to five for the worker
_SENDS_MAX: Final = 6  # of one request with a key, until an answer comes
_AGAIN_S: Final = 0.7
_AT_A_TIME_MAX: Final = 64


class Load:
    """Arrivals at a rate, whatever becomes of them, until it is over."""

    def __init__(
        self, *, apis: list[str], customers: list[Customer], hook: str, mix: Mix, journal: Journal, seed: int
    ) -> None:
        self._apis = apis
        self._rich = [c for c in customers if not c.poor]
        self._poor = [c for c in customers if c.poor]
        self._hook = hook
        self._mix = mix
        self._journal = journal
        self._rng = random.Random(seed)
        self._known: list[tuple[Customer, str]] = []
        self._room = asyncio.Semaphore(_AT_A_TIME_MAX)
        self.statuses: dict[int, int] = {}  # how often each came; 0 is no answer

    async def run(self, seconds: float, count: int | None = None) -> None:
        """For so long, or so many creates; returns when the last answer is there."""
        timeout = aiohttp.ClientTimeout(total=_PATIENCE_S)
        async with (
            aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as http,
            asyncio.TaskGroup() as group,
        ):
            ends, sent = asyncio.get_running_loop().time() + seconds, 0
            while asyncio.get_running_loop().time() < ends and (count is None or sent < count):
                async with self._room:
                    group.create_task(self._arrival(http))
                    group.create_task(self._read(http))
                sent += 1
                await asyncio.sleep(self._rng.expovariate(self._mix.rate_per_s))

    async def _arrival(self, http: aiohttp.ClientSession) -> None:
        mix, rng = self._mix, self._rng
        poor = bool(self._poor) and rng.random() < mix.poor
        customer = rng.choice(self._poor if poor else self._rich)
        request = uuid.UUID(int=rng.getrandbits(128)).hex
        body: dict[str, Any] = {
            "model": "replica-blind" if rng.random() < mix.blind else "replica",
            "prompt": f"request {request}",
            "seconds": "1",
            "track_id": request,
        }
        if rng.random() < mix.own_webhook:
            body["webhook_url"] = f"{self._hook}/own/{request}"
        twins = rng.random() < mix.twins
        key = f"key-{request}" if twins or rng.random() < mix.keyed else None
        cancelled = rng.random() < mix.cancelled
        apis = rng.sample(self._apis, 2) if twins and len(self._apis) > 1 else [rng.choice(self._apis)] * (1 + twins)
        async with self._room:
            ids = await asyncio.gather(*(self._create(http, api, customer, body, key) for api in apis))
            id = next((id for id in ids if id), None)
            if id and cancelled:
                await asyncio.sleep(rng.uniform(0, 1.5))
                await self._cancel(http, customer, id)

    async def _create(
        self, http: aiohttp.ClientSession, api: str, customer: Customer, body: dict[str, Any], key: str | None
    ) -> str | None:
        """The id; a request with a key is sent again, to any API, until there is an answer."""
        headers = {"Idempotency-Key": key} if key else {}
        for _ in range(_SENDS_MAX if key else 1):
            status, answer = await self._send(http, "POST", f"{api}/v1/videos", customer, json=body, headers=headers)
            id = answer.get("id") if status == 200 else None
            self._journal.write(
                "create",
                request=body["track_id"],
                workspace=customer.workspace,
                key=key,
                own_webhook="webhook_url" in body,
                status=status,
                id=id,
                error=answer.get("error"),
            )
            if id:
                self._known.append((customer, id))
            if status and status != 503:
                return id
            await asyncio.sleep(_AGAIN_S)
            api = self._rng.choice(self._apis)
        return None

    async def _cancel(self, http: aiohttp.ClientSession, customer: Customer, id: str) -> None:
        api = self._rng.choice(self._apis)
        status, answer = await self._send(http, "POST", f"{api}/v1/videos/{id}/cancel", customer)
        self._journal.write("cancel", id=id, answered=status)
        if status == 200:
            self._journal.write("read", id=id, status=answer["status"])

    async def _read(self, http: aiohttp.ClientSession) -> None:
        """How a known one is doing; now and then a quote instead."""
        api = self._rng.choice(self._apis)
        if not self._known or self._rng.random() < 0.2:
            body = {"model": "replica", "prompt": "how much", "seconds": "1"}
            await self._send(http, "POST", f"{api}/v1/quotes", self._rng.choice(self._rich), json=body)
            return
        customer, id = self._rng.choice(self._known)
        status, answer = await self._send(http, "GET", f"{api}/v1/videos/{id}", customer)
        if status in (200, 404):
            self._journal.write("read", id=id, status=answer["status"] if status == 200 else "not found")

    async def _send(
        self, http: aiohttp.ClientSession, method: str, url: str, customer: Customer, **more: Any
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON; 0 when no answer came, or one that is none of ours."""
        headers = {"Authorization": f"Bearer {customer.key}"} | more.pop("headers", {})
        try:
            async with http.request(method, url, headers=headers, **more) as response:
                status, answer = response.status, await response.json()
        except (aiohttp.ClientError, TimeoutError, ValueError):
            status, answer = 0, {}
        self.statuses[status] = self.statuses.get(status, 0) + 1
        return status, answer
