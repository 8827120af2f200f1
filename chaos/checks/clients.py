"""What the clients were told, against our rows."""

from collections import defaultdict

from chaos.findings import Findings, doubled, lost, money
from chaos.records import FINAL, Records, Row

_WORDS = {"succeeded": "completed", "failed": "failed", "cancelled": "failed", "expired": "failed"}


def check(records: Records) -> Findings:
    """Every answer holds: accepted is there, refused is not, ended is ended so."""
    generations = records.generations()
    by_request: dict[str, list[Row]] = defaultdict(list)
    for g in generations.values():
        by_request[g["track_id"]].append(g)
    answers: dict[str, list[Row]] = defaultdict(list)
    for line in records.clients:
        if line["what"] == "create":
            answers[line["request"]].append(line)
    for request, lines in answers.items():
        yield from _one_request(request, lines, by_request.pop(request, []))
    for request, made in by_request.items():
        yield doubled(str(request), f"nobody asked for {', '.join(g['id'] for g in made)}")
    told = {line["id"]: line["request"] for line in records.clients if line["what"] == "create" and line["id"]}
    for id, request in told.items():
        if id not in generations:
            yield lost(id, f"accepted (request {request}), and there is no row")
    yield from _told_ends(records, generations)
    yield from _keys(records)


def _one_request(request: str, lines: list[Row], made: list[Row]) -> Findings:
    """A request, however often it was sent with its idempotency key, makes one generation or none."""
    ids = {line["id"] for line in lines if line["id"]}
    if len(ids) > 1:
        yield doubled(request, f"one idempotency key was answered with {', '.join(sorted(ids))}")
    if len(made) > 1:
        yield doubled(request, f"one request made {', '.join(sorted(g['id'] for g in made))}")
    if made and all(400 <= line["status"] < 500 or line["status"] == 503 for line in lines):
        refused = ", ".join(str(line["status"]) for line in lines)
        for g in made:
            yield money(g["id"], f"refused with {refused} (request {request}), and accepted", g["price_microusd"])


def _told_ends(records: Records, generations: dict[str, Row]) -> Findings:
    """An end that a client was told of is the end that the row has; what was accepted is never not found."""
    for line in records.clients:
        if line["what"] != "read" or line["status"] not in ("completed", "failed", "not found"):
            continue
        g = generations.get(line["id"])
        if g is None or _WORDS.get(g["state"]) != line["status"]:
            yield lost(line["id"], f"a client was told {line['status']}; the row says {g['state'] if g else 'nothing'}")


def _keys(records: Records) -> Findings:
    """The table of idempotency keys agrees with the answers."""
    kept = {(i["workspace_id"], i["key"]): i["generation_id"] for i in records.rows["idempotency"]}
    for line in records.clients:
        if line["what"] == "create" and line["id"] and line["key"]:
            known = kept.get((line["workspace"], line["key"]))
            if known != line["id"]:
                yield doubled(line["id"], f"its idempotency key {line['key']} stands for {known}")


def check_ends(records: Records) -> Findings:
    """Every generation has ended, or is held by policy; a clip is there in the size that was recorded."""
    held = records.held()
    for g in records.rows["generations"]:
        if g["state"] not in FINAL and g["id"] not in held:
            yield lost(g["id"], f"never ended: {g['state']} at {g['provider']}, epoch {g['epoch']}")
        if g["state"] == "succeeded":
            size, there = g["size_bytes"], records.files.get(g["id"])
            if not size or size != there:
                yield lost(g["id"], f"succeeded with {size} bytes; a client gets {there}")
