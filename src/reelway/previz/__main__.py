"""`python -m reelway.previz "prompt" -o out.mp4`: render one clip here and now, without a server."""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from reelway.previz import stamp
from reelway.previz.order import PASSES, Order

BAR = 32


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0 made, 1 could not be made, 2 asked for wrongly."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.understand:
        return _understand(given)
    cache_dir: Path = given.cache_dir.absolute()
    stamp.cache_folder(cache_dir).mkdir(parents=True, exist_ok=True)
    os.environ["NUMBA_CACHE_DIR"] = str(stamp.cache_folder(cache_dir))
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # frames are made side by side already
    # Words need the shipped kernels alone, which the first render finishes in a few seconds.
    from_picture = given.image is not None or given.video is not None
    if given.warm or (from_picture and not stamp.is_fresh(cache_dir)):
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
    return _render(order, given.output, given.threads, given.move, given.camera, given.preview)


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _say(text: str) -> None:
    _write(text + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reelway.previz", description=__doc__)
    parser.add_argument("prompt", nargs="?", help='what is to be seen: "two horses in a misty field, slow push in"')
    parser.add_argument("-o", "--output", type=Path, default=Path("out.mp4"), help="the clip (default: out.mp4)")
    parser.add_argument("--size", default="1280x720", help="width x height, even numbers")
    parser.add_argument("--duration", type=float, default=5.0, help="seconds")
    parser.add_argument("--fps", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--negative", default="", help="what must not be in it")
    parser.add_argument("--image", help="a picture to start from")
    parser.add_argument("--last-image", help="a picture to end on")
    parser.add_argument("--video", help="a clip to re-grade, re-frame or re-time")
    parser.add_argument("--audio", action="store_true", help="with a quiet sound that goes with it")
    parser.add_argument("--move", help="one camera move for the whole clip, whatever the prompt says; see docs")
    parser.add_argument("--camera", type=Path, help="also write the camera's way: .json, or .gltf for 3D tools")
    parser.add_argument("--passes", default="", help=f"files beside the clip, of {','.join(PASSES)}")
    parser.add_argument("--preview", type=Path, help="a small JPEG of the first frame, written as soon as it is there")
    parser.add_argument("--understand", action="store_true", help="print what the prompt comes to as JSON, and stop")
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
    from reelway.previz.camera import MOVES  # here: it loads numpy

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
        last_image=given.last_image,
        audio=given.audio,
        video=given.video,
        passes=tuple(name.strip() for name in given.passes.split(",") if name.strip()),
    )


def _understand(given: argparse.Namespace) -> int:
    from reelway.previz.prompt import parse

    shot = parse(given.prompt or "", given.negative, move=given.move, duration_s=given.duration)
    sys.stdout.write(json.dumps(shot.to_json(), ensure_ascii=False, indent=2) + "\n")
    return 0


def _render(
    order: Order, output: Path, threads: int, move: str | None, camera: Path | None, preview: Path | None
) -> int:
    from threading import Event

    from reelway.previz.render import Unreadable, render

    started = time.monotonic()

    def bar(share: float) -> None:
        full = round(share * BAR)
        left_s = (time.monotonic() - started) * (1 - share) / share if share > 0 else 0.0
        _write(f"\r[{'#' * full}{'.' * (BAR - full)}] {share:4.0%} {left_s:4.0f} s left ")

    def early(jpeg: bytes) -> None:
        if preview is not None:
            preview.write_bytes(jpeg)

    try:
        if camera is not None:
            _write_camera(order, camera, move)
        made = render(
            order, output.absolute(), threads=threads, stop=Event(), on_progress=bar, move=move, on_preview=early
        )
    except (Unreadable, OSError) as error:
        _say(f"\n{error}")
        return 1
    _say(f"\n{output}: {order.frames} frames in {made.render_s:.1f} s")
    for name in made.passes:
        _say(f"  {name}")
    _tell(made.shot)
    return 0


def _write_camera(order: Order, target: Path, move: str | None) -> None:
    from reelway.previz.camera import camera_path
    from reelway.previz.passes.camera import camera_gltf, camera_json
    from reelway.previz.prompt import parse
    from reelway.previz.settings import SETTINGS

    shot = parse(order.prompt, order.negative_prompt, move=move, duration_s=order.duration_s)
    aspect = order.width / order.height
    setting = SETTINGS[shot.setting](shot, seed=order.seed, duration_s=order.duration_s, aspect=aspect)
    views = camera_path(setting.camera, frames=order.frames, fps=order.fps, aspect=aspect)
    if target.suffix == ".gltf":
        target.write_text(camera_gltf(views, width=order.width, height=order.height))
    else:
        target.write_text(camera_json(views, width=order.width, height=order.height, fps=order.fps))


def _tell(shot: dict[str, Any]) -> None:
    """What was understood, by which words, so that the prompt can be put better."""
    for name in ("setting", "subject", "time", "weather", "style", "size", "lens", "angle"):
        if value := shot.get(name):
            _say(f"  {name}: {', '.join(value) if isinstance(value, list) else value}")
    for found in shot.get("pictures", ()):
        subject, guessed = found["subject"], " and ".join(found["depth"]) or "nothing"
        stands = "nothing stands out" if subject is None else f"a subject on {subject['share']:.0%} of it"
        _say(f"  picture: {stands}, depth by {guessed}, what stirs: {', '.join(found['stirs']) or 'nothing'}")
    for leg in shot.get("camera", ()):
        _say(f"  camera: {leg['move']} {leg['way']}".rstrip() + f", {leg['starts']:.0%} to {leg['ends']:.0%}")
    for heard in shot.get("understood", ()):
        guessed = f" (guessed, {heard['likeness']:.0%} alike)" if heard["likeness"] < 1 else ""
        _say(f'    "{heard["text"]}" is {heard["field"]} {heard["value"]}{guessed}')
    if ignored := shot.get("ignored"):
        _say(f"  ignored: {', '.join(ignored)}")


if __name__ == "__main__":
    sys.exit(main())
