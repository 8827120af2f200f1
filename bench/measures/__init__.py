"""One module a measure; each has `run(bench)`, which yields its figures."""

from collections.abc import Callable, Iterable

from bench.context import Bench
from bench.figures import Figure
from bench.measures import create, files, in_flight, jobs, modelslab, previz, start_up, status

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
}
