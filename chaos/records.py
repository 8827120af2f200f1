"""The independent records of one run, read from its folder; nothing here trusts Reelway's own code.

rows.json       our tables, as the database has them: generations, attempts, deliveries; transfers and accounts
replica.jsonl   what the provider replica saw and made
receiver.jsonl  what the webhook receiver was told
clients.jsonl   what the clients sent and what they were answered
files.json      size of each succeeded clip as a client downloads it; null where there is none
world.json      what was promised: grants, prices, the provider's limits
"""

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from chaos import journal

Row: TypeAlias = dict[str, Any]

TABLES = ("generations", "attempts", "deliveries", "transfers", "accounts", "idempotency", "events")
FINAL = frozenset({"succeeded", "failed", "cancelled", "expired"})


@dataclass(slots=True)
class Job:
    """What the replica knows of one job; instants in milliseconds, `ended_at` None while it runs."""

    id: str
    account: str
    external_id: str
    made_at: int
    ended_at: int | None = None
    state: str = "running"
    charged_microusd: int = 0

    @property
    def generation(self) -> str:
        """The generation that it was ordered for."""
        return self.external_id.rpartition(":")[0]

    @property
    def attempt(self) -> int:
        """And its attempt."""
        return int(self.external_id.rpartition(":")[2])


@dataclass(slots=True)
class Records:
    """Everything that is compared."""

    rows: dict[str, list[Row]]
    replica: list[Row]
    receiver: list[Row]
    clients: list[Row]
    files: dict[str, int | None]
    world: Row

    def generations(self) -> dict[str, Row]:
        """By id."""
        return {g["id"]: g for g in self.rows["generations"]}

    def jobs(self) -> list[Job]:
        """Every job that the replica ever made, in order."""
        jobs: dict[str, Job] = {}
        for line in self.replica:
            if line["what"] == "made":
                jobs[line["job"]] = Job(line["job"], line["account"], line["external_id"], line["at_ms"])
            elif line["what"] == "ended":
                job = jobs[line["job"]]
                job.ended_at, job.state, job.charged_microusd = line["at_ms"], line["state"], line["charged_microusd"]
        return list(jobs.values())

    def jobs_by_generation(self) -> dict[str, list[Job]]:
        """In order."""
        grouped = defaultdict(list)
        for job in self.jobs():
            grouped[job.generation].append(job)
        return grouped

    def attempt_of(self) -> Callable[[Job], Row | None]:
        """From a job to our attempt; one that never arrived there is repeated under the same external id."""
        attempts = {(a["generation_id"], a["number"]): a for a in self.rows["attempts"]}

        def attempt(job: Job) -> Row | None:
            number = job.attempt
            while (found := attempts.get((job.generation, number))) and found["outcome"] == "absent":
                number += 1
            return found

        return attempt

    def held(self) -> set[str]:
        """Generations whose provider cannot tell what became of them: their money is held until policy ends it."""
        blind = {name for name, provider in self.world["providers"].items() if not provider["can_tell"]}
        last: dict[str, Row] = {}
        for attempt in sorted(self.rows["attempts"], key=lambda a: a["number"]):
            last[attempt["generation_id"]] = attempt
        return {
            g["id"]
            for g in self.rows["generations"]
            if g["state"] == "submitting" and g["provider"] in blind and last[g["id"]]["outcome"] == "unknown"
        }


def read(folder: Path) -> Records:
    """The records of the run in that folder."""
    return Records(
        rows=json.loads((folder / "rows.json").read_text()),
        replica=journal.read(folder / "replica.jsonl"),
        receiver=journal.read(folder / "receiver.jsonl"),
        clients=journal.read(folder / "clients.jsonl"),
        files=json.loads((folder / "files.json").read_text()),
        world=json.loads((folder / "world.json").read_text()),
    )
