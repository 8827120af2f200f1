"""One module a measure; each has `run(bench)`, which yields its figures."""

from collections.abc import Callable, Iterable

from bench.context import Bench
from bench.figures import Figure
from bench.measures import (
    create,
    files,
    growth,
    in_flight,
    jobs,
    litellm,
    modelslab,
    postgres_create,
    postgres_in_flight,
    postgres_jobs,
    postgres_status,
    previz,
    start_up,
    status,
)

Measure = Callable[[Bench], Iterable[Figure]]

MEASURES: dict[str, Measure] = {
    "create": create.run,
    "status": status.run,
    "modelslab": modelslab.run,
    "files": files.run,
    "jobs": jobs.run,
    "in-flight": in_flight.run,
    "start-up": start_up.run,
    "previz": previz.run,
    "pg-create": postgres_create.run,
    "pg-status": postgres_status.run,
    "pg-jobs": postgres_jobs.run,
    "pg-in-flight": postgres_in_flight.run,
    "growth": growth.run,
    "litellm": litellm.run,
}
