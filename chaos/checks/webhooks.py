"""What the receiver was told, against our rows and deliveries."""

from collections import defaultdict

from chaos.findings import Findings, doubled, lost
from chaos.records import FINAL, Records, Row

_TYPES = {
    "succeeded": "video.completed",
    "failed": "video.failed",
    "cancelled": "video.cancelled",
    "expired": "video.expired",
}


def check(records: Records) -> Findings:
    """Each end arrives, signed, under one id, at the endpoint and at the request's own webhook."""
    generations = records.generations()
    messages: dict[str, list[Row]] = defaultdict(list)
    for line in records.receiver:
        messages[line["generation"]].append(line)
    own = {line["id"] for line in records.clients if line["what"] == "create" and line["id"] and line["own_webhook"]}
    for g in generations.values():
        if g["state"] in FINAL:
            yield from _told(g, messages.get(g["id"], []), own=g["id"] in own)
    for id, came in messages.items():
        yield from _once(id, came, generations.get(id))
    for delivery in records.rows["deliveries"]:
        if delivery["state"] != "delivered":
            what = f"{delivery['event_type']} to {delivery['url']} after {delivery['attempts']} attempts"
            yield lost(delivery["generation_id"], f"delivery {delivery['id']} is {delivery['state']}: {what}")


def _told(g: Row, came: list[Row], *, own: bool) -> Findings:
    for kind in ("hook", "own") if own else ("hook",):
        taken = [m for m in came if m["kind"] == kind and m["status"] == 200 and m["verified"]]
        if not any(m["type"] == _TYPES[g["state"]] for m in taken):
            yield lost(g["id"], f"{g['state']}, and its receiver ({kind}) never took that; {len(came)} messages came")


def _once(id: str, came: list[Row], g: Row | None) -> Findings:
    ids = {m["webhook_id"] for m in came}
    if len(ids) > 1:
        yield doubled(id, f"its end came under {len(ids)} ids: {', '.join(sorted(map(str, ids)))}")
    if g is None or g["state"] not in FINAL:
        yield doubled(id, f"an end was announced, and its row says {g['state'] if g else 'nothing'}")
    for wrong in {m["type"] for m in came if g is not None and m["type"] != _TYPES.get(g["state"])}:
        yield doubled(id, f"{wrong} was announced, and its row says {g['state'] if g else 'nothing'}")
    if not all(m["verified"] for m in came):
        yield lost(id, "a message came without a good signature")
