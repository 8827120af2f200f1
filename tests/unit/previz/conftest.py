"""One compiled set of kernels for the whole session: `REELWAY_PREVIZ_CACHE`, or `.cache/previz` in the repository."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CACHE = Path(os.environ.get("REELWAY_PREVIZ_CACHE") or ROOT / ".cache" / "previz").absolute()
# Before numba is imported by any test: it reads this once.
os.environ["NUMBA_CACHE_DIR"] = str(CACHE / "numba")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in the engine: threads of it would fight those of the tests

from reelway.previz import Engine, Order  # noqa: E402

MakeOrder = Callable[..., Order]


@pytest.fixture(scope="session")
def cache_dir() -> Path:
    """The folder with all kernels compiled."""

    async def fill() -> None:
        engine = Engine(cache_dir=CACHE, idle_s=5)
        if not engine.warmed():
            await engine.warm()
        await engine.aclose()

    CACHE.mkdir(parents=True, exist_ok=True)
    asyncio.run(fill())
    return CACHE


@pytest.fixture
async def engine(cache_dir: Path) -> AsyncIterator[Engine]:
    """An engine of one slot."""
    engine = Engine(cache_dir=cache_dir, idle_s=30)
    yield engine
    await engine.aclose()


@pytest.fixture
def order() -> MakeOrder:
    """Makes small orders: `order("a prompt", frames=8)`."""

    def make(prompt: str = "a rubber duck on a misty river", **changes: object) -> Order:
        fields: dict[str, object] = {"prompt": prompt, "width": 128, "height": 72, "fps": 8, "frames": 4, "seed": 7}
        return Order.from_json(fields | changes)

    return make
