"""The wire of chaos/replica.py: POST, GET and DELETE /jobs, and files that want the same key."""

import os
import random
import signal
from typing import Any, Final

from reelway.errors import OutboundError, ProviderError, ProviderFault
from reelway.kit.outbound import Outbound, Reply
from reelway.providers.base import (
    Absent,
    CancelOutcome,
    CannotTell,
    Done,
    Failed,
    FindOutcome,
    Found,
    Handle,
    NotStopped,
    Order,
    Progress,
    Stopped,
    Waiting,
    raise_for_status,
    read_field,
)

_TIMEOUT_S: Final = 2.0
# The share of orders before which this process falls asleep, as a machine may at any moment: after Reelway wrote
# that it is about to order, before the order is on its way.
_NAPS: Final = float(os.environ.get("REPLICA_NAPS", "0"))


class Replica:
    """One account there."""

    def __init__(self, http: Outbound, *, account: str, can_tell: bool) -> None:
        self._http = http
        self._url = os.environ["REPLICA_URL"]
        self._headers = {"Authorization": f"Bearer {account}"}
        self._can_tell = can_tell

    async def submit(self, order: Order) -> Handle:
        """POST /jobs; the same external id again is the same job, where the account can be asked."""
        if random.random() < _NAPS:
            os.kill(os.getpid(), signal.SIGSTOP)
        order_json = {"external_id": order.key, "model": order.upstream_model, "prompt": order.spec.prompt}
        return {"job": read_field(await self._ask("POST", "/jobs", order_json), "id", str)}

    async def poll(self, handle: Handle) -> Progress:
        """GET /jobs/{id}."""
        job = await self._ask("GET", f"/jobs/{handle['job']}")
        match read_field(job, "state", str):
            case "queued":
                return Waiting(started=False)
            case "started":
                return Waiting(started=True)
            case "done":
                url = self._url + read_field(job, "file", str)
                cost_microusd = read_field(job, "cost_microusd", int)
                return Done(url=url, headers=tuple(self._headers.items()), cost_microusd=cost_microusd)
            case "failed" | "cancelled" as state:
                return Failed(fault=ProviderFault.UNAVAILABLE, message=f"the job {state} at the provider")
            case other:
                raise ProviderError(ProviderFault.UNREADABLE, f"unknown state {other!r}")

    async def cancel(self, handle: Handle) -> CancelOutcome:
        """DELETE /jobs/{id}; 409 means that it was too late."""
        reply = await self._send("DELETE", f"/jobs/{handle['job']}")
        if reply.status == 409:
            return NotStopped("the provider has finished it")
        raise_for_status(reply.status, reply.headers)
        return Stopped()

    async def find(self, order: Order) -> FindOutcome:
        """GET /jobs?external_id=…"""
        if not self._can_tell:
            return CannotTell()
        found = read_field(await self._ask("GET", f"/jobs?external_id={order.key}"), "jobs", list)
        return Found({"job": read_field(found[0], "id", str)}) if found else Absent()

    async def discard(self, handle: Handle) -> None:
        """Nothing of it is on this machine."""

    async def aclose(self) -> None:
        """Nothing runs here."""

    async def _ask(self, method: str, path: str, json: Any = None) -> Any:
        reply = await self._send(method, path, json)
        raise_for_status(reply.status, reply.headers)
        try:
            return reply.json
        except ValueError:
            raise ProviderError(ProviderFault.UNREADABLE, "the answer is no JSON") from None

    async def _send(self, method: str, path: str, json: Any = None) -> Reply:
        try:
            return await self._http.send(
                method, self._url + path, json=json, headers=self._headers, timeout_s=_TIMEOUT_S
            )
        except OutboundError as error:
            raise ProviderError(ProviderFault.UNAVAILABLE, error.message, no_job=not error.sent) from error
