"""The auditor can fail: each record is spoilt in turn, and it is found in the right column."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from chaos.audit import Verdict, audit, table
from chaos.findings import Kind
from chaos.records import Records

GOOD, HELD, FAILED = "video_good", "video_held", "video_failed"
LIMITS = {"in_flight_max": 2, "submits_per_minute": 60, "burst": 0, "slack": 2}


def generation(id: str, state: str, **more: Any) -> dict[str, Any]:
    row = {"id": id, "state": state, "workspace_id": "wsp", "purse": "live", "provider": "replica", "epoch": 1}
    row |= {"track_id": f"request of {id}", "price_microusd": 1237, "charged_microusd": 0, "cost_microusd": None}
    return row | {"size_bytes": None, "error_code": None} | more


def moved(id: str | None, kind: str, amount_microusd: int) -> dict[str, Any]:
    owner = {"workspace_id": "wsp", "purse": "live"}
    return owner | {"generation_id": id, "kind": kind, "amount_microusd": amount_microusd}


def attempt(id: str, outcome: str) -> dict[str, Any]:
    return {"generation_id": id, "number": 1, "outcome": outcome}


def delivery(id: str) -> dict[str, Any]:
    row = {"id": f"dlv_{id}", "generation_id": id, "state": "delivered", "event_type": "video.completed"}
    return row | {"url": "http://127.0.0.1/hook/rich", "attempts": 1}


def job(id: str, generation: str, at_ms: int, state: str, account: str = "replica", number: int = 1) -> list[Any]:
    """From its order to its end, as the replica writes it down; each takes 500 ms."""
    order = {"account": account, "external_id": f"{generation}:{number}"}
    lines = [
        {"at_ms": at_ms, "what": "order", "fault": None} | order,
        {"at_ms": at_ms, "what": "made", "job": id, "cost_microusd": 400} | order,
    ]
    if state != "running":
        charged = 400 if state == "done" else 0
        lines.append({"at_ms": at_ms + 500, "what": "ended", "job": id, "state": state, "charged_microusd": charged})
    return lines


def message(generation: str, type: str, kind: str = "hook") -> dict[str, Any]:
    line = {"what": "message", "kind": kind, "webhook_id": f"evt_{generation}", "generation": generation}
    return line | {"type": type, "verified": True, "status": 200}


def answer(id: str | None, request: str, status: int = 200, key: str | None = None) -> dict[str, Any]:
    line = {"what": "create", "id": id, "request": request, "status": status, "key": key}
    return line | {"workspace": "wsp", "own_webhook": id == GOOD}


@pytest.fixture
def seen() -> Records:
    """One that succeeded, one that is held by policy, one that failed; all is well."""
    return Records(
        rows={
            "generations": [
                generation(GOOD, "succeeded", charged_microusd=1237, cost_microusd=400, size_bytes=3000),
                generation(HELD, "submitting", provider="replica_blind", charged_microusd=None),
                generation(FAILED, "failed", error_code="provider_unavailable"),
            ],
            "attempts": [attempt(GOOD, "accepted"), attempt(HELD, "unknown"), attempt(FAILED, "accepted")],
            "deliveries": [delivery(GOOD), delivery(FAILED)],
            "transfers": [
                moved(None, "grant", 10_000),
                *(moved(id, "hold", 1237) for id in (GOOD, HELD, FAILED)),
                moved(GOOD, "settle", 1237),
                moved(FAILED, "release", 1237),
            ],
            "accounts": [
                {"workspace_id": "wsp", "purse": "live", "balance_microusd": 10_000 - 1237, "held_microusd": 1237}
            ],
            "idempotency": [{"workspace_id": "wsp", "key": "once", "generation_id": GOOD}],
            "events": [],
        },
        replica=[
            *job("job1", GOOD, 1_000, "done"),
            *job("job2", HELD, 2_000, "done", account="replica_blind"),
            *job("job3", FAILED, 3_000, "failed"),
        ],
        receiver=[
            message(GOOD, "video.completed"),
            message(GOOD, "video.completed", kind="own"),
            message(FAILED, "video.failed"),
        ],
        clients=[
            answer(GOOD, f"request of {GOOD}", key="once"),
            answer(HELD, f"request of {HELD}"),
            answer(FAILED, f"request of {FAILED}"),
            {"what": "read", "id": GOOD, "status": "completed"},
        ],
        files={GOOD: 3000},
        world={
            "granted": {"wsp/live": 10_000},
            "providers": {"replica": LIMITS | {"can_tell": True}, "replica_blind": LIMITS | {"can_tell": False}},
        },
    )


def row(seen: Records, table: str, id: str = GOOD) -> dict[str, Any]:
    return next(r for r in seen.rows[table] if r.get("id") == id or r.get("generation_id") == id)


def without(rows: list[dict[str, Any]], **facts: Any) -> None:
    """Drop the rows that have all of these."""
    kept = [r for r in rows if not facts.items() <= r.items()]
    assert len(kept) < len(rows), "there was nothing to drop"
    rows[:] = kept


def test_nothing_is_found_where_all_is_well(seen: Records) -> None:
    verdict = audit(seen)
    assert verdict.findings == ()
    assert (verdict.accepted, verdict.held, verdict.good) == (3, 1, True)
    assert verdict.ends == {"succeeded": 1, "failed": 1, "cancelled": 0, "expired": 0}


Spoil = Callable[[Records], Any]

LOST: dict[str, Spoil] = {
    "a row that is gone": lambda s: without(s.rows["generations"], id=GOOD),
    "no end": lambda s: row(s, "generations").update(state="running"),
    "held at a provider that can be asked": lambda s: row(s, "generations", HELD).update(provider="replica"),
    "held though the attempt was accepted": lambda s: row(s, "attempts", HELD).update(outcome="accepted"),
    "no file": lambda s: s.files.clear(),
    "half a file": lambda s: s.files.update({GOOD: 1500}),
    "no size": lambda s: row(s, "generations").update(size_bytes=None),
    "another end than a client was told": lambda s: s.clients.append({"what": "read", "id": GOOD, "status": "failed"}),
    "not found": lambda s: s.clients.append({"what": "read", "id": GOOD, "status": "not found"}),
    "no webhook": lambda s: without(s.receiver, generation=FAILED),
    "no webhook of its own": lambda s: without(s.receiver, kind="own"),
    "a webhook that was refused each time": lambda s: s.receiver[2].update(status=500),
    "a webhook that never got an answer": lambda s: s.receiver[2].update(status=0),
    "a bad signature": lambda s: s.receiver[0].update(verified=False),
    "a delivery that was given up": lambda s: row(s, "deliveries", f"dlv_{GOOD}").update(state="failed"),
    "failed though the clip was made": lambda s: s.replica[-1].update(state="done"),
    "failed though nothing failed": lambda s: s.replica.__delitem__(slice(6, 9)),
    "succeeded without a job": lambda s: s.replica.__delitem__(slice(0, 3)),
    "expired for another reason": lambda s: row(s, "generations", FAILED).update(state="expired", error_code="expired"),
}

DOUBLED: dict[str, Spoil] = {
    "two live jobs": lambda s: s.replica.extend(job("job4", GOOD, 1_200, "cancelled", number=2)),
    "a second job after a charged one": lambda s: s.replica.extend(job("job4", GOOD, 9_000, "failed", number=2)),
    "two settles": lambda s: s.rows["transfers"].append(moved(GOOD, "settle", 1237)),
    "two generations for one request": lambda s: row(s, "generations", HELD).update(track_id=f"request of {GOOD}"),
    "two answers for one key": lambda s: s.clients.append(answer(HELD, f"request of {GOOD}", key="once")),
    "a key that stands for another": lambda s: s.rows["idempotency"][0].update(generation_id=FAILED),
    "a generation that nobody asked for": lambda s: without(s.clients, what="create", id=HELD),
    "two ids for one end": lambda s: s.receiver.append(message(GOOD, "video.completed") | {"webhook_id": "evt_2"}),
    "two ends for one generation": lambda s: s.receiver.append(message(GOOD, "video.failed")),
    "an end of what has not ended": lambda s: s.receiver.append(message(HELD, "video.expired")),
}

MONEY: dict[str, tuple[int, Spoil]] = {
    "a balance": (7 * 2, lambda s: s.rows["accounts"][0].update(balance_microusd=10_000 - 1237 + 7)),
    "a hold that was never made": (1237, lambda s: without(s.rows["transfers"], generation_id=GOOD, kind="hold")),
    "a hold that was never resolved": (
        1 + 1237,  # the end lacks a resolution, and the account holds less than is open
        lambda s: without(s.rows["transfers"], generation_id=FAILED, kind="release"),
    ),
    "a hold that was resolved twice": (2 * 1237, lambda s: s.rows["transfers"].append(moved(GOOD, "release", 1237))),
    "a hold of another amount": (37, lambda s: s.rows["transfers"][1].update(amount_microusd=1200)),
    "another charge than the settle": (237 * 2, lambda s: row(s, "generations").update(charged_microusd=1000)),
    "a charge for a failure": (5 * 3, lambda s: row(s, "generations", FAILED).update(charged_microusd=5)),
    "a grant that is gone": (10_000, lambda s: without(s.rows["transfers"], kind="grant")),
    "a grant that was never promised": (10_000, lambda s: s.world["granted"].clear()),
    "money that moved for nobody": (50, lambda s: s.rows["transfers"].append(moved("video_x", "release", 50))),
    "another cost than the provider's": (1, lambda s: row(s, "generations").update(cost_microusd=399)),
    "a charge for an attempt that we believe had none": (400, lambda s: row(s, "attempts").update(outcome="rejected")),
    "a charge for an attempt that we do not know": (400, lambda s: without(s.rows["attempts"], generation_id=GOOD)),
    "a refused request that was accepted": (1237, lambda s: s.clients[1].update(status=402, id=None)),
    "a charge for what we cancelled": (
        400,
        lambda s: (
            row(s, "generations", FAILED).update(state="cancelled"),
            s.replica[-1].update(state="done", charged_microusd=400),
        ),
    ),
}

LIMIT: dict[str, Spoil] = {
    "too many at a time": lambda s: [
        (
            s.replica.extend(job(f"more{n}", f"video_{n}", 1_100, "done")),
            s.rows["attempts"].append(attempt(f"video_{n}", "accepted")),
        )
        for n in range(2)
    ],
    "too many in a minute": lambda s: s.replica.extend(
        {"at_ms": 1_000 + n * 900, "what": "order", "account": "replica", "external_id": "x:1"} for n in range(65)
    ),
    "too many in ten seconds": lambda s: s.replica.extend(
        {"at_ms": 1_000 + n * 100, "what": "order", "account": "replica", "external_id": "x:1"} for n in range(12)
    ),
}


def spoilt(seen: Records, spoil: Spoil) -> Verdict:
    before = copy.deepcopy(seen)
    spoil(seen)
    assert seen != before, "nothing was spoilt"
    return audit(seen)


@pytest.mark.parametrize("what", LOST)
def test_what_is_lost_is_found(seen: Records, what: str) -> None:
    assert spoilt(seen, LOST[what]).count(Kind.LOST) >= 1


@pytest.mark.parametrize("what", DOUBLED)
def test_what_is_doubled_is_found(seen: Records, what: str) -> None:
    assert spoilt(seen, DOUBLED[what]).count(Kind.DOUBLED) >= 1


@pytest.mark.parametrize("what", MONEY)
def test_money_that_nothing_accounts_for_is_found_to_the_micro_dollar(seen: Records, what: str) -> None:
    amount_microusd, spoil = MONEY[what]
    assert spoilt(seen, spoil).count(Kind.MONEY) == amount_microusd


@pytest.mark.parametrize("what", LIMIT)
def test_a_broken_limit_is_found(seen: Records, what: str) -> None:
    assert spoilt(seen, LIMIT[what]).count(Kind.LIMIT) >= 1


def test_a_second_job_after_a_proven_no_job_is_fine(seen: Records) -> None:
    """The first attempt's job had failed, for nothing, before the second was made."""
    row(seen, "generations", FAILED).update(
        state="succeeded", charged_microusd=1237, cost_microusd=400, size_bytes=3000
    )
    row(seen, "attempts", FAILED).update(outcome="rejected")
    seen.rows["attempts"].append(attempt(FAILED, "accepted") | {"number": 2})
    seen.replica += job("job4", FAILED, 3_600, "done", number=2)
    seen.rows["transfers"][-1] = moved(FAILED, "settle", 1237)
    seen.rows["accounts"][0]["balance_microusd"] -= 1237
    seen.files[FAILED] = 3000
    seen.receiver[-1]["type"] = "video.completed"
    assert audit(seen).findings == ()


def test_an_order_that_was_repeated_under_its_own_id_is_one_order(seen: Records) -> None:
    """The provider said that it never had the first; it came late, and is the job that the second one got."""
    row(seen, "attempts", GOOD)["outcome"] = "absent"
    assert not audit(seen).good, "a charge for an order that never arrived"
    seen.rows["attempts"].append(attempt(GOOD, "accepted") | {"number": 2})
    assert audit(seen).findings == ()


def test_an_answer_that_was_lost_for_good_is_written_off_and_no_finding(seen: Records) -> None:
    """Expired by policy: the caller has the credits back, what the provider charged is ours to bear, and is shown."""
    row(seen, "generations", HELD).update(state="expired", error_code="outcome_unknown", charged_microusd=0)
    seen.rows["transfers"].append(moved(HELD, "release", 1237))
    seen.rows["accounts"][0]["held_microusd"] = 0
    seen.receiver.append(message(HELD, "video.expired"))
    verdict = audit(seen)
    assert verdict.findings == ()
    assert verdict.written_off_microusd == 400


def test_the_table_shows_the_findings_in_their_columns(seen: Records) -> None:
    seen.files.clear()
    seen.rows["accounts"][0]["held_microusd"] += 5
    head, line = table({"spoilt": audit(seen)}).splitlines()
    shown = dict(zip(head.replace("over limit", "limit").split(), line.split()[1:], strict=True))
    assert (shown["accepted"], shown["held"], shown["lost"], shown["money"]) == ("3", "1", "1", "10")
