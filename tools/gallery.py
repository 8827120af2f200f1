"""`make gallery`: contact sheets of the built-in engine, to be looked at, and the banner of the README.

Writes docs/images/previz-*.jpg and previews.jpg. Every place with every subject, at every hour, in every weather and
style, the free prompts of the tests, and things that are inflated pictures. Nothing here judges a picture: people do.
For a closer look:
ARGS="--only prompts --size 320x180 --out sheets".
"""

import argparse
import os
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
CACHE = Path(os.environ.get("REELWAY_PREVIZ_CACHE") or ROOT / ".cache" / "previz").absolute()
os.environ.setdefault("NUMBA_CACHE_DIR", str(CACHE / "numba"))  # numba reads it when it is imported

from PIL import Image, ImageDraw  # noqa: E402

from reelway.previz.air import HOURS  # noqa: E402
from reelway.previz.marcher import picture  # noqa: E402
from reelway.previz.prompt import parse  # noqa: E402
from reelway.previz.render import marched_size  # noqa: E402
from reelway.previz.settings import SETTINGS  # noqa: E402
from reelway.previz.shot import Cast, Shot  # noqa: E402
from reelway.previz.spmd.entries import UNITS  # noqa: E402
from reelway.previz.spmd.native import compile_unit  # noqa: E402
from reelway.previz.subjects import SUBJECTS  # noqa: E402

PROMPTS = ROOT / "tests" / "unit" / "previz" / "free_prompts.toml"
WEATHERS = ("clear", "overcast", "rain", "snow", "fog", "dust")
STYLES = ("cinematic", "noir", "neon", "pastel", "golden", "documentary", "vintage", "monochrome")
# What has no model of its own: see docs/previz/prompts.md.
SILHOUETTES = (
    "a giraffe walks over a savanna",
    "an octopus dances on a table",
    "a guitar on a stage",
    "a dragon flies over a castle at sunset",
    "three penguins walk through a blizzard",
    "an elephant swims in a lake at dawn",
    "a panda in a bamboo forest",
    "a t-rex runs through Tokyo at night",
    "a hamburger spins on a table in a studio",
    "a helicopter over a city at dusk",
    "a woman with a llama in the mountains",
    "five butterflies over a meadow",
    "a mermaid under water",
    "an alien on the moon",
    "a tractor in a wheat field",
    "a ghost floats through a room at night",
    "santa claus in the snow",
    "two turtles on a beach at sunset",
    "a saxophone on a stage, noir",
    "une girafe dans la neige",
    "a frog jumps into a pond",
    "a ferris wheel at night",
    "a gazelle runs from a lion on a savanna",
    "a pink elephant dances in a dream",
)
# At the head of the README: the first is large.
BANNER = (
    "slow aerial shot over a futuristic city at dusk",
    "a detective walks down a rainy neon alley at night",
    "a red sports car on a coast road at sunset",
    "an astronaut walks on mars",
    "a rubber duck on a misty river in the morning",
)
MOMENT_S, LENGTH_S, SEED = 2.5, 5.0, 5

Cell = tuple[str, Shot]


def subjects() -> Iterator[list[Cell]]:
    """A row for every place: empty, then with each subject."""
    for name in SETTINGS:
        row: list[Cell] = [(name, Shot(setting=name, empty=True))]
        yield row + [(kind, Shot(setting=name, cast=(Cast(kind=kind),))) for kind in SUBJECTS]


def kinds() -> Iterator[list[Cell]]:
    """Every kind of every place, early and late."""
    cells = [
        (f"{name}: {kind}", Shot(setting=name, variant=kind))
        for name, setting in SETTINGS.items()
        for kind in setting.words.kinds
    ]
    for start in range(0, len(cells), 5):
        yield cells[start : start + 5]


def hours() -> Iterator[list[Cell]]:
    """A row for every place, a column for every hour, then one for every weather."""
    for name in SETTINGS:
        row = [(f"{name} {hour}", Shot(setting=name, time=hour)) for hour in HOURS]
        yield row + [(weather, Shot(setting=name, weather=weather)) for weather in WEATHERS]


def styles() -> Iterator[list[Cell]]:
    """A row for every place, a column for every style."""
    for name in SETTINGS:
        yield [(f"{name} {style}", Shot(setting=name, style=(style,))) for style in STYLES]


def actions() -> Iterator[list[Cell]]:
    """What every subject does and wears, at home."""
    cells: list[Cell] = []
    for kind, subject in SUBJECTS.items():
        words = subject.words
        home, _, variant = words.home.partition(": ")
        casts = [Cast(kind=kind, action=action) for action in words.actions]
        casts += [Cast(kind=kind, outfit=outfit) for outfit in dict.fromkeys((*words.outfits, *words.roles))]
        cells += [
            (f"{kind} {one.action or one.outfit}", Shot(setting=home, variant=variant or None, cast=(one,)))
            for one in casts
        ]
    for start in range(0, len(cells), 9):
        yield cells[start : start + 9]


def prompts() -> Iterator[list[Cell]]:
    """Prompts that nothing was tuned for."""
    cells = [(one["text"], parse(one["text"])) for one in tomllib.loads(PROMPTS.read_text("utf-8"))["prompt"]]
    for start in range(0, len(cells), 5):
        yield cells[start : start + 5]


def silhouettes() -> Iterator[list[Cell]]:
    """Things and beasts that are inflated pictures."""
    cells = [(text, parse(text)) for text in SILHOUETTES]
    for start in range(0, len(cells), 4):
        yield cells[start : start + 4]


SHEETS: dict[str, Callable[[], Iterator[list[Cell]]]] = {
    "subjects": subjects,
    "actions": actions,
    "kinds": kinds,
    "hours": hours,
    "styles": styles,
    "prompts": prompts,
    "silhouettes": silhouettes,
}


def still(shot: Shot, width: int, height: int) -> Image.Image:
    """One moment of a shot."""
    setting = SETTINGS[shot.setting](shot, seed=SEED, duration_s=LENGTH_S, aspect=width / height)
    return Image.fromarray(picture(setting, MOMENT_S, width, height, 1 / 24, lambda: False))


def sheet(rows: list[list[Cell]], width: int, height: int, threads: int) -> Image.Image:
    """All cells of a sheet, each under its name."""
    whole = Image.new("RGB", (max(map(len, rows)) * width, len(rows) * height))
    pen = ImageDraw.Draw(whole)
    cells = [(cell, column, row) for row, line in enumerate(rows) for column, cell in enumerate(line)]
    with ThreadPoolExecutor(threads) as pool:
        stills = pool.map(lambda one: still(one[0][1], width, height), cells)
        for ((name, _), column, row), image in zip(cells, stills, strict=True):
            whole.paste(image, (column * width, row * height))
            text = name.encode("ascii", "replace").decode()[: width // 6]
            pen.text((column * width + 3, row * height + 1), text, fill=(255, 255, 255), stroke_width=1, stroke_fill=0)
    return whole


def banner(threads: int) -> Image.Image:
    """One large picture and four small ones beside it."""
    width, height, gap = 640, 360, 4
    half = width // 2, height // 2
    marched = marched_size(1280, 720)  # and made smaller: what is fine in a clip is fine here
    with ThreadPoolExecutor(threads) as pool:
        stills = list(pool.map(lambda text: still(parse(text), *marched), BANNER))
    whole = Image.new("RGB", (2 * width + 2 * gap, height + gap))
    whole.paste(stills[0].resize((width, height + gap), Image.Resampling.LANCZOS))
    for number, image in enumerate(stills[1:]):
        column, row = number % 2, number // 2
        at = (width + gap + column * (half[0] + gap), row * (half[1] + gap))
        whole.paste(image.resize(half, Image.Resampling.LANCZOS), at)
    return whole


def main() -> int:
    parser = argparse.ArgumentParser(prog="gallery", description=__doc__)
    parser.add_argument("--only", choices=[*SHEETS, "banner"], action="append")
    parser.add_argument("--size", default=None, help="of one picture, like 320x180")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for unit in UNITS:
        compile_unit(unit)  # before there are threads
    for name in given.only or [*SHEETS, "banner"]:
        started = time.monotonic()
        if name == "banner":
            whole, target, quality, count = banner(given.threads), given.out / "previews.jpg", 85, len(BANNER)
        else:
            rows = list(SHEETS[name]())
            fitting = "160x90" if max(map(len, rows)) > 7 else "288x162"
            width, height = (int(side) for side in (given.size or fitting).split("x"))
            whole, target = sheet(rows, width, height, given.threads), given.out / f"previz-{name}.jpg"
            quality, count = 74, sum(map(len, rows))
        whole.save(target, quality=quality, optimize=True)
        sys.stderr.write(f"{target}: {count} pictures in {time.monotonic() - started:.0f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
