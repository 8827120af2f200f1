"""The provider's limits, from its own record: jobs at a time, and orders in a window."""

from collections import defaultdict

from chaos.findings import Findings, over_limit
from chaos.records import Job, Records

_WINDOWS_S = (10, 60)


def check(records: Records) -> Findings:
    """Exact over all workers; an order whose answer was lost for good holds no place, as nobody can say if it runs."""
    for account, limits in records.world["providers"].items():
        most, at_ms = most_at_a_time(records, account)
        if most > limits["in_flight_max"]:
            yield over_limit(account, f"{most} jobs at a time at {at_ms} ms; {limits['in_flight_max']} are allowed")
        rate = limits["submits_per_minute"]
        if rate is None:
            continue
        for window_s in _WINDOWS_S:
            allowed = min(limits["burst"] + rate * window_s / 60, rate) + limits["slack"]
            sent, at_ms = most_in_a_window(records, account, window_s)
            if sent > allowed:
                what = f"{sent} orders in the {window_s} s before {at_ms} ms; {allowed:g} are allowed"
                yield over_limit(account, what)


def most_at_a_time(records: Records, account: str) -> tuple[int, int]:
    """The most known jobs that ran together, and when."""
    attempt_of = records.attempt_of()
    puzzling = {e["generation_id"] for e in records.rows["events"] if e["type"] == "generation.unknown"}

    def known(job: Job) -> bool:
        attempt = attempt_of(job)
        return attempt is not None and attempt["outcome"] == "accepted" and job.generation not in puzzling

    changes = []
    for job in records.jobs():
        if job.account == account and known(job):
            changes.append((job.made_at, 1))
            changes += [] if job.ended_at is None else [(job.ended_at, -1)]
    running, most, when = 0, 0, 0
    for at_ms, change in sorted(changes):
        running += change
        if running > most:
            most, when = running, at_ms
    return most, when


def most_in_a_window(records: Records, account: str, window_s: int) -> tuple[int, int]:
    """The most orders that came within `window_s`, and when the last of them did."""
    times: dict[str, list[int]] = defaultdict(list)
    for line in records.replica:
        if line["what"] == "order":
            times[line["account"]].append(line["at_ms"])
    came = times[account]
    first, most, when = 0, 0, 0
    for number, at_ms in enumerate(came):
        while came[first] <= at_ms - window_s * 1000:
            first += 1
        if number - first + 1 > most:
            most, when = number - first + 1, at_ms
    return most, when
