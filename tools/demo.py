"""`make demo`: a server on a temporary folder, one request as its documentation gives it, the clip in your hands."""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from reelway.media.probe import probe

ROOT: Final = Path(__file__).resolve().parents[1]
REQUEST: Final = {
    "prompt": "slow aerial shot over a futuristic city at dusk, cinematic",
    "model_id": "sora-2-pro-t2v",
    "num_frames": 120,
    "output_type": "mp4",
}
START_S: Final = 60
RENDER_S: Final = 600
BAR: Final = 40


def main() -> None:
    """Make the clip, say what came, and leave the server running until Ctrl-C."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--once", action="store_true", help="end when the clip is there")
    options.add_argument("--out", type=Path, default=ROOT, help="folder for demo.mp4 and demo.jpg")
    given = options.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with folder() as data, serving(data) as url:
            key = create_key(data)
            say(f"Server   {url}, data in {data}")
            make_clip(url, key, given.out)
            if not given.once:
                say(f"\nThe server stays up on {url} (reference: {url}/docs); your key is {key}\nCtrl-C ends it.")
                signal.pause()
    except KeyboardInterrupt:
        say("\nStopped.")


def make_clip(url: str, key: str, out: Path) -> None:
    """Ask, wait, fetch, and say what was made."""
    began = time.monotonic()
    path = "/api/v7/video-fusion/text-to-video"
    say(f"Request  POST {url}{path}\n         {json.dumps({'key': 'YOUR_KEY'} | REQUEST)}")
    accepted = post(url + path, {"key": key} | REQUEST)
    if accepted["status"] == "error":
        raise SystemExit(f"the server refused: {accepted['message']}")
    made = wait_for(accepted["fetch_result"], key)
    took_s = time.monotonic() - began
    clip_url = made["output"][0]
    clip = download(clip_url, out / "demo.mp4")
    poster = download(clip_url.removesuffix(".mp4") + ".jpg", out / "demo.jpg")
    facts = probe(clip)
    say(f"Clip     {clip}: {facts.width}x{facts.height}, {facts.frames} frames, {facts.duration_s:g} s,")
    say(f"         {facts.codec}, {facts.size_bytes / 1e6:.2f} MB, made in {took_s:.1f} s")
    say(f"Poster   {poster}")
    say(f"Cost     {made['price']} USD")
    say(f"Served   by {made['served_by']}. {made.get('preview_notice', '')}".rstrip())


def wait_for(fetch_url: str, key: str) -> dict[str, Any]:
    """The finished answer; the bar is the renderer's own progress."""
    until, percent = time.monotonic() + RENDER_S, 0
    with progress_bar() as show:
        while time.monotonic() < until:
            answer = post(fetch_url, {"key": key})
            if answer["status"] == "success":
                show(100)
                return answer
            if answer["status"] != "processing":
                raise SystemExit(f"\nthe clip was not made: {answer['message']}")
            percent = max(percent, min(int(answer.get("progress", 0)), 99))  # 100 is when we may have it
            show(percent)
            time.sleep(0.25)
    raise SystemExit(f"no clip after {RENDER_S} s")


@contextmanager
def progress_bar() -> Iterator[Any]:
    """A moving line on a terminal; a line every 25 % in a log."""
    shown = -1

    def show(percent: int) -> None:
        nonlocal shown
        if sys.stdout.isatty():
            full = percent * BAR // 100
            sys.stdout.write(f"\rRender   [{'#' * full}{'.' * (BAR - full)}] {percent:3d} %")
        elif percent // 25 > shown:
            shown = percent // 25
            sys.stdout.write(f"Render   {percent} %\n")
        sys.stdout.flush()

    yield show
    if sys.stdout.isatty():
        say("")


@contextmanager
def folder() -> Iterator[Path]:
    """A data folder that is gone afterwards."""
    data = Path(tempfile.mkdtemp(prefix="reelway-demo-"))
    try:
        yield data
    finally:
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def serving(data: Path) -> Iterator[str]:
    """`reelway serve` on a free port until the block ends; yields its URL."""
    log = data / "server.log"
    command = [sys.executable, "-m", "reelway", "serve", "--port", "0", "--data", str(data)]
    with log.open("wb") as stderr:
        # A session of its own: the terminal's Ctrl-C is ours, and we pass it on once.
        server = subprocess.Popen(command, stderr=stderr, env=environment(), start_new_session=True)
    try:
        yield ready(server, log)
    finally:
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()


def ready(server: subprocess.Popen[bytes], log: Path) -> str:
    """The URL, once it takes requests."""
    until = time.monotonic() + START_S
    while server.poll() is None and time.monotonic() < until:
        found = re.search(r"listens on (http://\S+)", log.read_text())
        if found and answers(found[1] + "/readyz"):
            return found[1]
        time.sleep(0.05)
    raise SystemExit(f"the server did not start:\n{log.read_text()}")


def create_key(data: Path) -> str:
    """As a person would: `reelway keys create`."""
    command = [sys.executable, "-m", "reelway", "keys", "create", "--name", "demo", "--data", str(data)]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment()).stdout.strip()


def environment() -> dict[str, str]:
    """Ours without anybody's settings; compiled kernels are kept between demos."""
    cache = os.environ.get("REELWAY_PREVIZ_CACHE") or str(ROOT / ".cache/previz")
    plain = {name: value for name, value in os.environ.items() if not name.startswith("REELWAY_")}
    return plain | {"REELWAY_PREVIZ_CACHE": cache}


def answers(url: str) -> bool:
    """Whether a GET is answered with 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310  our own server
            return bool(response.status == 200)
    except OSError:
        return False


def post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    """JSON there and back; an error's body is an answer too."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            answer: dict[str, Any] = json.load(response)
    except urllib.error.HTTPError as error:
        answer = json.load(error)
    return answer


def download(url: str, path: Path) -> Path:
    """The file, whole or not at all."""
    part = path.with_suffix(path.suffix + ".part")
    with urllib.request.urlopen(url, timeout=30) as response, part.open("wb") as file:  # noqa: S310
        shutil.copyfileobj(response, file)
    return part.replace(path)


def say(text: str) -> None:
    """One line to whoever watches."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
