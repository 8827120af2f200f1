"""The ledger, against itself, the generations and what was granted."""

from collections import defaultdict
from collections.abc import Iterable

from chaos.findings import Findings, doubled, money
from chaos.records import FINAL, Records, Row


def check(records: Records) -> Findings:
    """Balances are sums, every hold is resolved once, charged is settled, and nothing went below zero."""
    transfers: dict[str, list[Row]] = defaultdict(list)
    for t in records.rows["transfers"]:
        if t["kind"] != "grant":
            transfers[t["generation_id"]].append(t)
    for g in records.rows["generations"]:
        yield from _generation(g, transfers.pop(g["id"], []))
    for id, left in transfers.items():
        yield money(str(id), f"{_kinds(left)} of a generation without a row", _sum(left))
    yield from _accounts(records)


def _generation(g: Row, moved: list[Row]) -> Findings:
    holds = [t for t in moved if t["kind"] == "hold"]
    settles = [t for t in moved if t["kind"] == "settle"]
    ends = [t for t in moved if t["kind"] in ("settle", "release")]
    if len(holds) != 1 or holds[0]["amount_microusd"] != g["price_microusd"]:
        yield money(g["id"], f"price {g['price_microusd']}, held {_sum(holds)}", g["price_microusd"] - _sum(holds))
    if len(settles) > 1:
        yield doubled(g["id"], f"settled {len(settles)} times")
    if len(ends) != (1 if g["state"] in FINAL else 0):
        yield money(g["id"], f"{g['state']}, and its hold was resolved by {_kinds(ends)}", _sum(ends))
    if g["state"] in FINAL and _sum(settles) != g["charged_microusd"]:
        what = f"charged {g['charged_microusd']}, settled {_sum(settles)}"
        yield money(g["id"], what, (g["charged_microusd"] or 0) - _sum(settles))
    if (g["charged_microusd"] or 0) > g["price_microusd"]:
        what = f"charged {g['charged_microusd']} of a price of {g['price_microusd']}"
        yield money(g["id"], what, g["charged_microusd"] - g["price_microusd"])
    if g["state"] != "succeeded" and g["charged_microusd"]:
        yield money(g["id"], f"{g['state']} and charged {g['charged_microusd']}", g["charged_microusd"])


def _accounts(records: Records) -> Findings:
    """Each account three times: its columns, its transfers, and what was granted less what generations cost."""
    granted = {tuple(key.split("/")): amount for key, amount in records.world["granted"].items()}
    for a in records.rows["accounts"]:
        owner = (a["workspace_id"], a["purse"])
        name = "/".join(owner)
        mine = [t for t in records.rows["transfers"] if (t["workspace_id"], t["purse"]) == owner]
        made = [g for g in records.rows["generations"] if (g["workspace_id"], g["purse"]) == owner]
        resolved = {t["generation_id"] for t in mine if t["kind"] in ("settle", "release")}
        open_holds = _sum(t for t in mine if t["kind"] == "hold" and t["generation_id"] not in resolved)
        balance = _sum(t for t in mine if t["kind"] == "grant") - _sum(t for t in mine if t["kind"] == "settle")
        if a["balance_microusd"] != balance:
            what = f"balance {a['balance_microusd']}, its transfers say {balance}"
            yield money(name, what, a["balance_microusd"] - balance)
        if a["held_microusd"] != open_holds:
            what = f"held {a['held_microusd']}, its open holds say {open_holds}"
            yield money(name, what, a["held_microusd"] - open_holds)
        available = a["balance_microusd"] - a["held_microusd"]
        charged = sum(g["charged_microusd"] or 0 for g in made)
        held = sum(g["price_microusd"] for g in made if g["state"] not in FINAL)
        expected = granted.get(owner, 0) - charged - held
        if available != expected:
            what = f"granted {granted.get(owner, 0)} - charged {charged} - held {held} is not {available}"
            yield money(name, what, available - expected)
        if min(available, a["balance_microusd"], a["held_microusd"]) < 0:
            yield money(name, f"balance {a['balance_microusd']}, held {a['held_microusd']}: below zero", available)


def _sum(transfers: Iterable[Row]) -> int:
    return sum(t["amount_microusd"] for t in transfers)


def _kinds(transfers: list[Row]) -> str:
    return " and ".join(t["kind"] for t in transfers) or "nothing"
