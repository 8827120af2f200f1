"""The customers: workspaces with their keys and one webhook endpoint each, made before anything runs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reelway.accounts.keys import create_key
from reelway.accounts.workspaces import ensure_workspace
from reelway.app import open_database
from reelway.db.script import Script
from reelway.domain.money import Purse
from reelway.kit.clock import SystemClock
from reelway.settings import Settings
from reelway.webhooks.endpoints import create_endpoint

_RICH, _POOR = 3, 2
_KEYS: Final = 2  # of each
_FORTUNE_MICROUSD: Final = 10**9
_POOR_MICROUSD: Final = 9_000  # seven clips of one model, eleven of the other


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A workspace and one of its keys."""

    workspace: str  # id
    key: str
    poor: bool

    @property
    def granted_microusd(self) -> int:
        """What its workspace began with."""
        return _POOR_MICROUSD if self.poor else _FORTUNE_MICROUSD


async def make_customers(settings: dict[str, Any], receiver_url: str) -> tuple[list[Customer], dict[str, str]]:
    """All of them, and the secrets of their endpoints by name."""
    own = {k: v for k, v in settings.items() if k in ("database", "operator_secret")}
    db = await open_database(Settings(data=Path(settings["data"]), **own), SystemClock())
    customers: list[Customer] = []
    secrets: dict[str, str] = {}
    try:
        for number in range(_RICH + _POOR):
            name, poor = f"customer{number}", number >= _RICH
            made, endpoint = await db.write(_make(name, poor, receiver_url, settings["operator_secret"].encode()))
            customers += made
            secrets[name] = endpoint
    finally:
        await db.aclose()
    return customers, secrets


def _make(name: str, poor: bool, receiver_url: str, operator_secret: bytes) -> Script[tuple[list[Customer], str]]:
    now = SystemClock().now_ms()
    free = {Purse.LIVE: _POOR_MICROUSD if poor else _FORTUNE_MICROUSD}
    workspace = yield from ensure_workspace(name, free, now)
    endpoint = yield from create_endpoint(workspace.id, f"{receiver_url}/hook/{name}", None, "", now)
    made = []
    for _ in range(_KEYS):
        _, key = yield from create_key(workspace.id, Purse.LIVE, name, (), now)
        made.append(Customer(workspace=workspace.id, key=key, poor=poor))
    return made, endpoint.secret(operator_secret)
