"""`python -m reelway.previz "prompt" -o out.mp4`: render one clip here and now, without a server."""

import argparse
import os
import sys
from pathlib import Path

from reelway.previz import stamp
from reelway.previz.order import Order

BAR = 32


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0 made, 1 could not be made, 2 asked for wrongly."""
    parser = _parser()
    given = parser.parse_args(arguments)
    cache_dir: Path = given.cache_dir.absolute()
    stamp.cache_folder(cache_dir).mkdir(parents=True, exist_ok=True)
    os.environ["NUMBA_CACHE_DIR"] = str(stamp.cache_folder(cache_dir))
    if given.warm or not stamp.is_fresh(cache_dir):
        _say("compiling the kernels (once)")
        from reelway.previz.warm import warm  # here: numba reads NUMBA_CACHE_DIR when it is imported

        _say(f"ready after {warm(cache_dir):.1f} s")
    if given.prompt is None:
        if given.warm:
            return 0
        parser.error("a prompt is needed")
    try:
        order = _order(given)
    except ValueError as error:
        parser.error(str(error))
    return _render(order, given.output, given.threads, given.move)


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _say(text: str) -> None:
    _write(text + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reelway.previz", description=__doc__)
    parser.add_argument("prompt", nargs="?")
    parser.add_argument("-o", "--output", type=Path, default=Path("out.mp4"))
    parser.add_argument("--size", default="1280x720", help="width x height, even numbers")
    parser.add_argument("--duration", type=float, default=5.0, help="seconds")
    parser.add_argument("--fps", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--negative", default="", help="what must not be in it")
    parser.add_argument("--image", help="a picture to start from")
    parser.add_argument("--video", help="a clip to re-grade")
    parser.add_argument("--move", help="push, pull, pan, orbit, track, crane, aerial, static or handheld")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--cache-dir", type=Path, default=_cache_dir())
    parser.add_argument("--warm", action="store_true", help="compile the kernels, then render if there is a prompt")
    return parser


def _cache_dir() -> Path:
    if named := os.environ.get("REELWAY_PREVIZ_CACHE"):
        return Path(named)
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "reelway" / "previz"


def _order(given: argparse.Namespace) -> Order:
    from reelway.previz.moves import MOVES  # here: it loads numpy

    if given.move is not None and given.move not in MOVES:
        raise ValueError(f"no move {given.move!r}; there are {', '.join(sorted(MOVES))}")
    try:
        width, height = (int(side) for side in given.size.lower().split("x"))
    except ValueError:
        raise ValueError(f"size {given.size!r} is not like 1280x720") from None
    return Order(
        prompt=given.prompt,
        negative_prompt=given.negative,
        width=width,
        height=height,
        fps=given.fps,
        frames=max(1, round(given.duration * given.fps)),
        seed=given.seed,
        image=given.image,
        video=given.video,
    )


def _render(order: Order, output: Path, threads: int, move: str | None) -> int:
    from threading import Event

    from reelway.previz.render import Unreadable, render

    def bar(share: float) -> None:
        full = round(share * BAR)
        _write(f"\r[{'#' * full}{'.' * (BAR - full)}] {share:4.0%}")

    try:
        made = render(order, output.absolute(), threads=threads, stop=Event(), on_progress=bar, move=move)
    except (Unreadable, OSError) as error:
        _say(f"\n{error}")
        return 1
    _say(f"\n{output}: {order.frames} frames in {made.render_s:.1f} s")
    for name, value in made.shot.items():
        _say(f"  {name}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
