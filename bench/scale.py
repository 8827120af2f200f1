"""How much of everything: the full run, a quick one for a first look, and a tiny one that only proves it works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Sizes of one run."""

    name: str
    rounds: int  # ours and the limit take turns this often; the median counts
    seconds: float  # of load at each point
    warm_s: float  # of load before it, not counted
    connections: tuple[int, ...]
    videos: int  # generations that status reads choose from
    file_mib: int
    jobs: int
    in_flight: int
    watch_s: float  # how long the sleeping server is watched
    starts: int
    previz_prompts: int
    previz_s: int
    previz_size: tuple[int, int]
    budgets: bool  # whether missing one fails the run
    recorded: int  # creates whose statements are replayed on the bare writer
    tenants: int  # customers that share the load on PostgreSQL
    backlog: int  # jobs that wait for a worker on PostgreSQL
    workers: tuple[int, ...]  # processes that work on them
    followed: tuple[int, ...]  # generations in flight on one worker
    taken_over: int  # generations of a worker that is killed
    lost_s: float  # after which it is taken for dead
    finished: tuple[int, ...]  # generations in the tables
    grown: int  # jobs made and finished beside them
    peer_jobs: int


FULL = Scale(
    name="full",
    rounds=3,
    seconds=3.0,
    warm_s=0.5,
    connections=(1, 16, 64),
    videos=1_000,
    file_mib=24,
    jobs=3_000,
    in_flight=10_000,
    watch_s=10.0,
    starts=5,
    previz_prompts=14,
    previz_s=5,
    previz_size=(1280, 720),
    budgets=True,
    recorded=8_000,
    tenants=1_000,
    backlog=1_000,
    workers=(1, 2),
    followed=(10_000, 50_000),
    taken_over=10_000,
    lost_s=5.0,
    finished=(10_000, 100_000, 1_000_000),
    grown=1_000,
    peer_jobs=300,
)
QUICK = Scale(
    name="quick",
    rounds=1,
    seconds=1.5,
    warm_s=0.3,
    connections=(1, 64),
    videos=200,
    file_mib=24,
    jobs=500,
    in_flight=2_000,
    watch_s=3.0,
    starts=2,
    previz_prompts=1,
    previz_s=1,
    previz_size=(1280, 720),
    budgets=True,
    recorded=2_000,
    tenants=100,
    backlog=200,
    workers=(1,),
    followed=(2_000,),
    taken_over=1_000,
    lost_s=2.0,
    finished=(1_000, 10_000),
    grown=100,
    peer_jobs=50,
)
TINY = Scale(
    name="tiny",
    rounds=1,
    seconds=0.2,
    warm_s=0.05,
    connections=(2,),
    videos=8,
    file_mib=1,
    jobs=8,
    in_flight=20,
    watch_s=0.3,
    starts=1,
    previz_prompts=1,
    previz_s=1,
    previz_size=(128, 72),
    budgets=False,
    recorded=50,
    tenants=4,
    backlog=8,
    workers=(1,),
    followed=(20,),
    taken_over=20,
    lost_s=1.5,
    finished=(20,),
    grown=8,
    peer_jobs=5,
)
SCALES = {scale.name: scale for scale in (FULL, QUICK, TINY)}
