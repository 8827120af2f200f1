"""What the provider made and charged, against our attempts and generations."""

from chaos.findings import Findings, doubled, lost, money
from chaos.records import Job, Records, Row

_FREE = frozenset({"failed", "cancelled"})


def check(records: Records) -> Findings:
    """One live job for a generation at a time, every charge known to us, every clip that was made delivered."""
    generations, attempt_of = records.generations(), records.attempt_of()
    by_generation = records.jobs_by_generation()
    for id, jobs in by_generation.items():
        g = generations.get(id)
        if g is None:
            for job in jobs:
                yield money(id, f"{job.id} was made for a generation without a row", job.charged_microusd)
            continue
        yield from _doubled(id, jobs)
        for job in jobs:
            if not _known(job, attempt_of(job)):
                what = f"{job.id} was charged, its attempt {job.external_id} had no job; the generation is {g['state']}"
                yield money(g["id"], what, job.charged_microusd)
    for g in generations.values():
        known = [job for job in by_generation.get(g["id"], []) if _known(job, attempt_of(job))]
        yield from _ended_as_it_was(g, known)


def _doubled(id: str, jobs: list[Job]) -> Findings:
    """A second job is fine only when all before it had ended without a charge."""
    for number, job in enumerate(jobs[1:], 1):
        for before in jobs[:number]:
            if not (before.state in _FREE and before.ended_at is not None and before.ended_at <= job.made_at):
                detail = f"{before.external_id} ({before.state}, {before.charged_microusd} microusd)"
                yield doubled(id, f"{job.id} for {job.external_id} was made beside {before.id} for {detail}")
                return


def _known(job: Job, attempt: Row | None) -> bool:
    """Whether it cost nothing, or is of an attempt that we do not believe to be without a job."""
    return not job.charged_microusd or (attempt is not None and attempt["outcome"] in ("accepted", "unknown"))


def _ended_as_it_was(g: Row, jobs: list[Job]) -> Findings:
    """Our end says what happened there; lost answers that nobody can clear up end as expired."""
    done = [job for job in jobs if job.state == "done"]
    match g["state"]:
        case "succeeded" if not done:
            yield lost(g["id"], "succeeded, and the provider never made a clip for it")
        case "succeeded" if sum(job.charged_microusd for job in done) != g["cost_microusd"]:
            charged = sum(job.charged_microusd for job in done)
            what = f"the provider charged {charged}, the row says {g['cost_microusd']}"
            yield money(g["id"], what, charged - (g["cost_microusd"] or 0))
        case "failed" if done:
            yield lost(g["id"], f"failed ({g['error_code']}), and the provider made {done[0].id} for it")
        case "failed" if not any(job.state in _FREE for job in jobs):
            yield lost(g["id"], f"failed ({g['error_code']}), and the provider knows of no failure")
        case "cancelled" if done:
            what = f"cancelled, and the provider charged for {done[0].id}"
            yield money(g["id"], what, done[0].charged_microusd)
        case "expired" if g["error_code"] != "outcome_unknown":
            yield lost(g["id"], f"expired ({g['error_code']})")


def written_off_microusd(records: Records) -> int:
    """What the provider charged for orders whose answers were lost for good; the caller got the credits back."""
    generations = records.generations()
    return sum(
        job.charged_microusd
        for job in records.jobs()
        if (g := generations.get(job.generation)) is not None and g["error_code"] == "outcome_unknown"
    )
