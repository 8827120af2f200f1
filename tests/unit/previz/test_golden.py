"""Shots that must keep looking as they do: a hash of how they look, and how they move.

A change of the pictures that is meant: look at the shots (`make gallery`), then
`python tests/unit/previz/test_golden.py --write`, with REELWAY_PREVIZ_CACHE set if your kernels are elsewhere.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

GOLDEN = Path(__file__).with_name("golden.json")
WIDTH, HEIGHT, FPS = 96, 54, 24
MOMENTS = (1.0, 3.5)
BITS_MAX = 7  # of 64: another processor's last bits flip none to two, a moved sun or a lost subject twenty
LIGHT_MAX = 4.0  # of 255, the mean of a channel
FLOW_MAX = 0.30  # pixels from one frame to the next, in any quarter

SHOTS: dict[str, dict[str, Any]] = {
    "alley": {"setting": "alley"},
    "castle-knight": {"setting": "castle", "cast": [("horse", "trot"), ("person", None)]},
    "city": {"setting": "city"},
    "coast": {"setting": "coast"},
    "dream": {"setting": "dream"},
    "field-dog": {"setting": "field", "cast": [("dog", "run")]},
    "forest-person": {"setting": "forest", "cast": [("person", "walk")]},
    "mars": {"setting": "mars"},
    "mountains-snow": {"setting": "mountains", "cast": [("horse", "gallop")], "weather": "snow"},
    "river": {"setting": "river", "cast": [("duck", None)]},
    "room-dance": {"setting": "room", "cast": [("robot", "dance")]},
    "sea-boat": {"setting": "sea", "cast": [("boat", None)]},
    "snow-silhouette": {"setting": "mountains", "cast": [("silhouette", "walk")], "weather": "snow"},
    "space": {"setting": "space", "cast": [("spaceship", None)]},
    "street-night": {"setting": "street", "cast": [("motorbike", None)], "time": "night", "weather": "rain"},
    "studio": {"setting": "room", "variant": "studio", "cast": [("product", None)]},
    "underwater": {"setting": "underwater", "cast": [("fish", None)]},
}


def measured(name: str) -> dict[str, Any]:
    """Hash, mean colour and flow of a golden shot."""
    from reelway.previz.marcher import picture
    from reelway.previz.settings import SETTINGS
    from reelway.previz.shot import Cast, Shot

    fields = dict(SHOTS[name])
    cast = tuple(Cast(kind=kind, action=action) for kind, action in fields.pop("cast", ()))
    shot = Shot(cast=cast, **fields)
    setting = SETTINGS[shot.setting](shot, seed=7, duration_s=5.0, aspect=WIDTH / HEIGHT)
    found: dict[str, Any] = {"hash": [], "light": [], "flow": []}
    for t in MOMENTS:
        first, second = (picture(setting, at, WIDTH, HEIGHT, 1 / FPS, lambda: False) for at in (t, t + 1 / FPS))
        found["hash"].append(f"{look_of(first):016x}")
        found["light"].append([round(float(v), 1) for v in first.reshape(-1, 3).mean(0)])
        found["flow"].append(flow_of(first, second))
    return found


def grey(picture: np.ndarray) -> np.ndarray:
    return picture.astype(np.float64) @ [0.299, 0.587, 0.114]


def shrunk(values: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Means over a grid of equal fields."""
    down = np.array_split(values, rows, 0)
    return np.array([[part.mean() for part in np.array_split(line, columns, 1)] for line in down])


def look_of(picture: np.ndarray) -> int:
    """64 bits: whether each of 8 x 8 fields is darker than the one to its right."""
    small = shrunk(grey(picture), 8, 9)
    bits = (small[:, :-1] < small[:, 1:]).ravel()
    return int("".join("1" if bit else "0" for bit in bits), 2)


def flow_of(first: np.ndarray, second: np.ndarray) -> list[list[float]]:
    """How far each quarter moves, in pixels (Lucas and Kanade, over the whole quarter)."""
    one, two = (softened(grey(p)) for p in (first, second))
    down, across = np.gradient((one + two) / 2)
    later = two - one
    flows = []
    for rows in (slice(0, HEIGHT // 2), slice(HEIGHT // 2, HEIGHT)):
        for columns in (slice(0, WIDTH // 2), slice(WIDTH // 2, WIDTH)):
            gx, gy, gt = across[rows, columns], down[rows, columns], later[rows, columns]
            matrix = np.array([[(gx * gx).sum(), (gx * gy).sum()], [(gx * gy).sum(), (gy * gy).sum()]])
            moved = np.linalg.solve(matrix + np.eye(2) * 200.0, -np.array([(gx * gt).sum(), (gy * gt).sum()]))
            flows.append([round(float(v), 2) for v in moved])
    return flows


def softened(values: np.ndarray) -> np.ndarray:
    """A 5 x 5 box blur: flow is only found where slopes are wider than the motion."""
    for axis in (0, 1):
        values = sum(np.roll(values, k, axis) for k in (-2, -1, 0, 1, 2)) / 5
    return values


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("name", SHOTS)
def test_a_golden_shot_looks_and_moves_as_it_did(name: str) -> None:
    golden, now = json.loads(GOLDEN.read_text("utf-8"))[name], measured(name)
    for moment in range(len(MOMENTS)):
        changed = (int(golden["hash"][moment], 16) ^ int(now["hash"][moment], 16)).bit_count()
        assert changed <= BITS_MAX, f"{changed} of 64 fields look otherwise at {MOMENTS[moment]} s"
        assert np.abs(np.subtract(golden["light"][moment], now["light"][moment])).max() <= LIGHT_MAX
        assert np.abs(np.subtract(golden["flow"][moment], now["flow"][moment])).max() <= FLOW_MAX


@pytest.mark.usefixtures("cache_dir")
def test_the_golden_shots_tell_each_other_apart() -> None:
    """A measure that cannot see a difference guards nothing."""
    golden = json.loads(GOLDEN.read_text("utf-8"))
    assert set(golden) == set(SHOTS)
    hashes = [int(one["hash"][0], 16) for one in golden.values()]
    for number, one in enumerate(hashes):
        assert all((one ^ other).bit_count() > BITS_MAX for other in hashes[number + 1 :])


def test_flow_is_that_of_a_shifted_picture() -> None:
    rng = np.random.default_rng(1)
    wide = softened(softened(softened(rng.random((HEIGHT, WIDTH + 8)) * 255)))
    first, second = (np.repeat(wide[:, s : s + WIDTH, None], 3, 2) for s in (3, 2))
    for across, down in flow_of(first, second):
        assert across == pytest.approx(1.0, abs=0.25)
        assert down == pytest.approx(0.0, abs=0.15)


if __name__ == "__main__" and "--write" in sys.argv:
    golden = {name: measured(name) for name in SHOTS}
    GOLDEN.write_text(json.dumps(golden, indent=1) + "\n", "utf-8")
