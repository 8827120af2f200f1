"""Image-to-video, and from one picture to another."""

import json
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw

from reelway.previz import Order

pytestmark = pytest.mark.usefixtures("cache_dir")
MakeOrder = Callable[..., Order]


def made(order: Order, output: Path, *, colour: str = "gray") -> np.ndarray:
    from reelway.previz.render import render

    render(order, output, threads=1, stop=Event(), on_progress=lambda share: None)
    with av.open(str(output)) as clip:
        return np.stack([frame.to_ndarray(format=colour) for frame in clip.decode(video=0)]).astype(np.float64)


def noise(seed: int, height: int, width: int, most: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, most, (height, width, 3))


@pytest.fixture
def image(tmp_path: Path) -> str:
    """Grass, sky and a red ball, with enough texture to follow."""
    picture = np.where(np.arange(90)[:, None, None] < 45, (90, 130, 190), (60, 120, 40)) + noise(1, 90, 160, 60)
    drawn = Image.fromarray(picture.astype(np.uint8)).resize((320, 180), Image.Resampling.BICUBIC)
    ImageDraw.Draw(drawn).ellipse((130, 70, 190, 130), fill=(210, 30, 30))
    path = tmp_path / "ball.png"
    drawn.save(path)
    return str(path)


@pytest.fixture
def calm(tmp_path: Path) -> Path:
    """A ball before something without an edge: whatever edge is not the ball's was torn."""
    soft = Image.fromarray((np.array([70, 110, 150]) + noise(3, 5, 9, 30)).astype(np.uint8))
    drawn = soft.resize((640, 360), Image.Resampling.BICUBIC)
    big = drawn.resize((2560, 1440), Image.Resampling.BICUBIC)
    ImageDraw.Draw(big).ellipse((1080, 480, 1560, 960), fill=(220, 40, 30))
    path = tmp_path / "calm.png"
    big.resize((640, 360), Image.Resampling.BOX).save(path)
    return path


def shift(a: np.ndarray, b: np.ndarray, axis: int) -> int:
    """By how many pixels the middle of `b` lies further along `axis` than that of `a`."""
    core = a[24:-24, 24:-24]
    errors = {by: float(np.abs(np.roll(b, -by, axis)[24:-24, 24:-24] - core).mean()) for by in range(-20, 21)}
    return min(errors, key=errors.__getitem__)


def red(frame: np.ndarray) -> np.ndarray:
    wide = frame.astype(int)
    return np.asarray((wide[..., 0] - wide[..., 1]) > 90)


def test_a_pan_to_the_right_moves_the_picture_to_the_left(order: MakeOrder, image: str, tmp_path: Path) -> None:
    frames = made(order("pan right", image=image, width=192, height=108, frames=8), tmp_path / "a.mp4", colour="rgb24")
    columns = [np.nonzero(red(frame))[1].mean() for frame in (frames[0], frames[-1])]
    assert columns[1] < columns[0] - 8


def test_a_crane_moves_the_near_down(order: MakeOrder, image: str, tmp_path: Path) -> None:
    frames = made(order("crane up", image=image, width=192, height=108, frames=16), tmp_path / "a.mp4", colour="rgb24")
    rows = [np.nonzero(red(frame))[0].mean() for frame in (frames[0], frames[-1])]
    assert rows[1] > rows[0] + 1


def test_a_static_picture_stands(order: MakeOrder, image: str, tmp_path: Path) -> None:
    frames = made(order("static", image=image, frames=4), tmp_path / "a.mp4")
    assert np.abs(frames[0] - frames[-1]).mean() < 1.5


def test_a_push_makes_the_middle_larger(image: str) -> None:
    from reelway.previz.picture.still import Still
    from reelway.previz.prompt import parse

    still = Still(Path(image), parse("push in"), width=192, height=108, duration_s=1.0)
    assert red(still.at(1.0)).sum() > red(still.at(0.0)).sum() * 1.04


def test_a_pull_ends_on_the_whole_picture(image: str) -> None:
    from reelway.previz.picture.still import Still
    from reelway.previz.prompt import parse

    still = Still(Path(image), parse("pull back"), width=320, height=180, duration_s=1.0, prompt="frozen")
    assert np.abs(still.at(1.0).astype(int) - np.asarray(Image.open(image)).astype(int)).mean() < 2
    assert red(still.at(0.0)).sum() > red(still.at(1.0)).sum() * 1.04


@pytest.mark.parametrize("prompt", ["truck left, waves shimmer in the wind", "handheld, rain"])
def test_a_clip_starts_on_its_picture(image: str, prompt: str) -> None:
    from reelway.previz.picture.still import Still
    from reelway.previz.prompt import parse

    still = Still(Path(image), parse(prompt), width=320, height=180, duration_s=2.0, prompt=prompt)
    off = np.abs(still.at(0.0).astype(int) - np.asarray(Image.open(image)).astype(int))
    assert off.mean() < 0.5
    assert np.percentile(off, 99.5) < 12


@pytest.mark.parametrize("prompt", ["truck right", "orbit", "crane up", "pan left then push in"])
def test_no_move_tears_an_edge(calm: Path, prompt: str) -> None:
    """The only edge is the ball's own, and the ball stays a ball."""
    from reelway.previz.picture.still import Still
    from reelway.previz.prompt import parse

    still = Still(calm, parse(prompt), width=640, height=360, duration_s=4.0)
    for t in (2.0, 4.0):
        frame = still.at(t).astype(np.float64)
        ball = red(frame)
        rows, columns = np.nonzero(ball.any(1))[0], np.nonzero(ball.any(0))[0]
        ellipse = np.pi / 4 * (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
        assert ball.sum() == pytest.approx(ellipse, rel=0.03)
        steps = np.hypot(*np.gradient(frame.mean(2)))
        near = np.zeros_like(ball)
        near[max(rows[0] - 6, 0) : rows[-1] + 7, max(columns[0] - 6, 0) : columns[-1] + 7] = True
        assert steps[~near].max() < 6, "an edge where there was none"
        y, x = np.mgrid[0:360, 0:640]
        middle = ((rows[0] + rows[-1]) / 2, (columns[0] + columns[-1]) / 2)
        out = np.hypot((y - middle[0]) / (np.ptp(rows) / 2), (x - middle[1]) / (np.ptp(columns) / 2))
        assert steps[(out > 1.15) & near].max() < 9, "a fringe or a smear beside the ball"


def test_the_near_moves_more_than_the_far(calm: Path) -> None:
    from reelway.previz.picture.moves import Shift
    from reelway.previz.picture.still import Still
    from reelway.previz.prompt import parse

    still = Still(calm, parse("static"), width=640, height=360, duration_s=1.0)
    rest, moved = still.seen(Shift(), 0.0), still.seen(Shift(truck_x=0.05, zoom=1.0001), 0.0)
    ball = np.nonzero(red(moved))[1].mean() - np.nonzero(red(rest))[1].mean()
    far = shift(rest[:150, :, 1].astype(float), moved[:150, :, 1].astype(float), axis=1)
    assert ball > far + 4


@pytest.mark.parametrize("picture", ["even", "noisy"])
def test_a_picture_of_nothing_has_no_subject(tmp_path: Path, picture: str) -> None:
    from reelway.previz.picture.subject import find_subject

    flat = np.full((90, 160, 3), 120)
    values = flat if picture == "even" else flat + noise(2, 90, 160, 100) - 50
    assert find_subject(values.astype(np.uint8)) is None


def test_a_bottle_keeps_its_cap() -> None:
    """On an even backdrop what touches the subject is the subject."""
    from reelway.previz.picture.subject import cut_out, find_subject

    drawn = Image.new("RGB", (400, 400), (250, 250, 250))
    draw = ImageDraw.Draw(drawn)
    draw.rounded_rectangle((150, 130, 250, 360), 18, fill=(30, 90, 80))
    draw.rectangle((178, 70, 222, 135), fill=(200, 170, 60))
    picture = np.asarray(drawn)
    seen = find_subject(picture)
    assert seen is not None
    assert seen.mask[75:130, 182:218].all()
    alpha = cut_out(picture, seen).alpha
    assert alpha[80:350, 185:215].min() > 0.95
    assert alpha[:, :100].max() == 0


def test_a_portrait_cut_keeps_what_stands_out(tmp_path: Path) -> None:
    """The astronaut's head was cut off once."""
    from reelway.previz.picture.still import Still
    from reelway.previz.prompt import parse

    wide = Image.new("RGB", (600, 200), (70, 90, 110))
    ImageDraw.Draw(wide).ellipse((360, 60, 440, 150), fill=(220, 40, 30))
    path = tmp_path / "wide.png"
    wide.save(path)
    frame = Still(path, parse("static"), width=72, height=128, duration_s=1.0).at(0.5)
    assert red(frame).sum() > 200


def test_a_blue_sky_over_land_is_found_and_a_wall_is_not() -> None:
    from reelway.previz.picture.sky import find_sky

    land = np.where(np.arange(120)[:, None, None] < 60, (120, 170, 235), (70, 90, 40))
    found = find_sky((land + np.where(land == 235, 0, noise(4, 120, 200, 40))).clip(0, 255).astype(np.uint8), None)
    assert found is not None
    alpha, reaches = found
    assert reaches == pytest.approx(0.5, abs=0.05)
    assert alpha[:52].mean() > 0.95
    assert alpha[68:].mean() < 0.02
    wall = (np.full((120, 200, 3), 150) + noise(5, 120, 200, 60)).astype(np.uint8)
    assert find_sky(wall, None) is None


def test_what_the_prompt_stirs_moves_and_the_rest_stands(tmp_path: Path) -> None:
    from reelway.previz.picture.still import Still
    from reelway.previz.prompt import parse

    rows = np.arange(180)[:, None, None]
    picture = np.where(rows < 70, (150, 190, 240), np.where(rows < 120, (30, 80, 150), (110, 100, 60)))
    path = tmp_path / "sea.png"
    Image.fromarray((picture + noise(6, 180, 320, 14)).clip(0, 255).astype(np.uint8)).save(path)

    def moved(prompt: str) -> np.ndarray:
        still = Still(path, parse("static shot"), width=320, height=180, duration_s=4.0, prompt=prompt)
        return np.abs(still.at(2.5).astype(float) - still.at(1.5)).mean((1, 2))

    waves, frozen = moved("the sea shimmers"), moved("the sea is frozen, nothing moves")
    assert waves[85:110].mean() > 3 * waves[150:].mean() + 0.5
    assert frozen.max() == 0


@pytest.mark.parametrize("falls", ["rain", "snow"])
def test_weather_falls_before_a_picture(image: str, falls: str) -> None:
    from reelway.previz.picture.still import Still
    from reelway.previz.prompt import parse

    clear, bad = (
        Still(Path(image), parse(f"static shot, {words}"), width=320, height=180, duration_s=2.0).at(1.5).astype(int)
        for words in ("a ball", f"a ball, {falls}")
    )
    assert (np.abs(clear - bad).max(2) > 8).mean() > 0.001


def test_the_same_seed_is_the_same_clip(order: MakeOrder, image: str, tmp_path: Path) -> None:
    wanted = order("push in, waves, rain", image=image, frames=3, width=160, height=90)
    first, second = (made(wanted, tmp_path / f"{n}.mp4") for n in (1, 2))
    assert np.array_equal(first, second)


def test_the_network_sees_what_it_was_trained_to_see() -> None:
    """Its answer for one picture, as onnxruntime gave it for the weights that ours were read from."""
    from reelway.previz.picture.matting import stands_out

    drawn = Image.new("RGB", (320, 320), (90, 120, 80))
    ImageDraw.Draw(drawn).ellipse((100, 80, 220, 260), fill=(220, 60, 40))
    map_ = stands_out(np.asarray(drawn))
    assert map_.shape == (320, 320)
    assert map_[110:230, 130:190].min() > 0.9
    assert map_[:60].max() < 0.1


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "LA", "1", "CMYK"])
def test_any_kind_of_picture_is_read(tmp_path: Path, mode: str) -> None:
    from reelway.previz.picture.load import open_picture

    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    Image.new("RGB", (80, 60), (200, 120, 60)).convert(mode).save(path)
    picture = np.asarray(open_picture(path))
    assert picture.shape == (60, 80, 3)
    assert picture.mean() > 40


@pytest.mark.parametrize("size", [(2, 2), (1200, 4), (3, 900)])
def test_any_shape_of_picture_is_moved(order: MakeOrder, tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", size, (200, 120, 60)).save(path)
    assert made(order("orbit", image=str(path), frames=2), tmp_path / "a.mp4").shape == (2, 72, 128)


def junk(tmp_path: Path, name: str, data: bytes) -> str:
    (tmp_path / name).write_bytes(data)
    return str(tmp_path / name)


@pytest.mark.parametrize(
    "data", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, b"<svg xmlns='http://www.w3.org/2000/svg'/>"]
)
def test_a_picture_that_cannot_be_read_says_so(order: MakeOrder, tmp_path: Path, data: bytes) -> None:
    from reelway.previz.render import Unreadable

    with pytest.raises(Unreadable, match="picture"):
        made(order(image=junk(tmp_path, "x.png", data)), tmp_path / "a.mp4")
    assert not (tmp_path / "a.mp4").exists()


def test_nor_can_a_clip_end_on_one(order: MakeOrder, image: str, tmp_path: Path) -> None:
    from reelway.previz.render import Unreadable

    with pytest.raises(Unreadable, match="picture"):
        made(order(image=image, last_image=junk(tmp_path, "x.png", b"no")), tmp_path / "a.mp4")


def test_a_picture_bomb_is_refused_by_its_header(order: MakeOrder, tmp_path: Path) -> None:
    from reelway.previz.render import Unreadable

    Image.new("1", (9000, 9000)).save(tmp_path / "bomb.png")
    with pytest.raises(Unreadable, match="9000x9000"):
        made(order(image=str(tmp_path / "bomb.png")), tmp_path / "a.mp4")


# From one picture to another.


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    """Two views of one textured thing, the second further to the right by 12 of 320 pixels."""
    grey = noise(8, 26, 52, 255)[..., :1].repeat(3, 2).astype(np.uint8)
    wide = Image.fromarray(grey).resize((400, 200), Image.Resampling.BICUBIC)
    for name, left in (("first", 30), ("last", 42)):
        wide.crop((left, 10, left + 320, 190)).save(tmp_path / f"{name}.png")
    return str(tmp_path / "first.png"), str(tmp_path / "last.png")


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((a.astype(float) - b.astype(float)) ** 2)))


@pytest.mark.parametrize("like", [True, False])
def test_a_clip_ends_on_its_last_picture(
    order: MakeOrder, image: str, pair: tuple[str, str], tmp_path: Path, like: bool
) -> None:
    soft = tmp_path / "soft.png"
    Image.fromarray(noise(9, 5, 9, 120).astype(np.uint8)).resize((320, 180), Image.Resampling.BICUBIC).save(soft)
    last = pair[1] if like else str(soft)
    frames = made(
        order("push in", image=pair[0], last_image=last, width=320, height=180, frames=12),
        tmp_path / "a.mp4",
        colour="rgb24",
    )
    assert psnr(frames[-1], np.asarray(Image.open(last))) > 35
    assert psnr(frames[0], np.asarray(Image.open(pair[0]))) > 30


def test_two_views_of_one_thing_become_each_other(pair: tuple[str, str], image: str) -> None:
    from reelway.previz.picture.between import Between
    from reelway.previz.prompt import parse

    both = Between(Path(pair[0]), Path(pair[1]), parse(""), width=320, height=180, frames=13, fps=12)
    assert both.morphs
    wide = np.asarray(Image.open(pair[0]))
    half = both.at(0.5)
    # Half way it is where half of the way is, and no double exposure of the two.
    assert psnr(half[:, 20:280], wide[:, 26:286]) > 24
    assert psnr(half[:, 20:280], wide[:, 20:280]) < 20
    assert not Between(Path(pair[0]), Path(image), parse(""), width=320, height=180, frames=13, fps=12).morphs


def test_one_frame_between_two_pictures_is_the_first(order: MakeOrder, pair: tuple[str, str], tmp_path: Path) -> None:
    wanted = order(image=pair[0], last_image=pair[1], width=320, height=180, frames=1)
    assert psnr(made(wanted, tmp_path / "a.mp4", colour="rgb24")[0], np.asarray(Image.open(pair[0]))) > 30


def test_who_ends_on_an_image_starts_from_one(order: MakeOrder) -> None:
    with pytest.raises(ValueError, match="starts from one"):
        order(last_image="b.png")
    with pytest.raises(ValueError, match="audio"):
        order(audio=1)
    both = order(image="a.png", last_image="b.png", audio=True)
    assert Order.from_json(both.to_json()) == both


def told(order: Order, output: Path) -> dict[str, Any]:
    """As JSON brings it over."""
    from reelway.previz.render import render

    made = render(order, output, threads=1, stop=Event(), on_progress=lambda share: None)
    shot: dict[str, Any] = json.loads(json.dumps(made.shot))
    return shot


def test_what_was_found_in_a_picture_and_done_with_it_is_told(order: MakeOrder, tmp_path: Path) -> None:
    from reelway.previz.picture.rehearsal import PROMPT, rehearsal

    path = tmp_path / "everything.png"
    Image.fromarray(rehearsal()).save(path)
    shot = told(order(f"slow orbit, {PROMPT}", image=str(path), frames=1), tmp_path / "a.mp4")
    assert (shot["setting"], shot["subject"], shot["move"], shot["joined"]) == ("image", None, "orbit", None)
    (found,) = shot["pictures"]
    assert found["subject"]["share"] == pytest.approx(np.pi * 22**2 / (192 * 120), rel=0.25)
    assert 0 <= found["subject"]["sure"] <= 1
    assert found["sky"] == pytest.approx(56 / 120, abs=0.05)
    assert found["depth"] == ["horizon", "foot"]
    assert found["stirs"] == ["clouds", "water", "leaves", "cloth", "rain"]


@pytest.mark.parametrize(
    ("prompt", "moves"),
    [("frozen", ["push"]), ("pan left 40 degrees to a close-up, leaves in the wind", ["pan", "push"])],
)
def test_of_a_picture_of_nothing_it_is_told_that_there_is_nothing(
    order: MakeOrder, tmp_path: Path, prompt: str, moves: list[str]
) -> None:
    """Nor does its camera do what no picture bears: turn so many degrees, or end at a shot size."""
    path = tmp_path / "even.png"
    Image.new("RGB", (160, 90), (120, 120, 120)).save(path)
    shot = told(order(prompt, image=str(path), frames=1), tmp_path / "a.mp4")
    assert shot["pictures"] == [{"subject": None, "sky": None, "depth": [], "stirs": []}]
    assert (shot["move"], [leg["move"] for leg in shot["camera"]]) == (moves[0], moves)
    assert {(leg["degrees"], leg["size"]) for leg in shot["camera"]} == {(None, None)}


def test_how_one_picture_leads_to_another_is_told(order: MakeOrder, image: str, calm: Path, tmp_path: Path) -> None:
    alike = told(order("pan left, clouds", image=image, last_image=image, frames=2), tmp_path / "a.mp4")
    assert (alike["joined"], alike["move"], alike["camera"]) == ("morph", None, [])
    assert [found["stirs"] for found in alike["pictures"]] == [[], []]
    apart = told(order("pan left, clouds", image=image, last_image=str(calm), frames=2), tmp_path / "b.mp4")
    assert (apart["joined"], apart["move"]) == ("move", "pan")
    assert [found["stirs"] for found in apart["pictures"]] == [["clouds"], []]
