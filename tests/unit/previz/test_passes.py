"""What lies beside a clip: depth, masks, the camera's way, the shot."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from threading import Event

import av
import numpy as np
import pytest
from PIL import Image

from reelway.previz import Engine, Order

pytestmark = pytest.mark.usefixtures("cache_dir")
MakeOrder = Callable[..., Order]
EVERY = ["depth", "masks", "camera", "shot"]


def levels(path: Path, pixels: str) -> np.ndarray:
    with av.open(str(path)) as clip:
        return np.stack([frame.to_ndarray(format=pixels) for frame in clip.decode(video=0)])


def scene(width: int, height: int, *, ball: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distance, groups and camera of a level plane 2 m below the eye, with or without a ball on it."""
    from reelway.previz.geometry import Pose, camera_row
    from reelway.previz.settings.base import Effort
    from reelway.previz.spmd import layout
    from reelway.previz.spmd.native import function
    from reelway.previz.world import Materials, Primitives

    materials = Materials()
    grey = materials.add((0.5, 0.5, 0.5))
    prims = Primitives()
    prims.new_group()
    prims.plane(grey, 0.0)
    if ball:
        prims.new_group()
        prims.ellipsoid(grey, (0.5, 1.5, 8.0), (1.0, 1.0, 1.0))
    rows, bounds = prims.arrays()
    camera = camera_row(Pose(eye=np.array([0.0, 2.0, 0.0]), target=np.array([0.0, 1.4, 8.0])), width / height)
    light = np.empty((height, width, 3), np.float32)
    away, groups = np.empty((height, width), np.float32), np.empty((height, width), np.float32)
    table = np.zeros((layout.HEIGHT_SIZE, layout.HEIGHT_SIZE, 4), np.float32).ravel()
    tops = np.zeros((layout.TOP_SIZE, layout.TOP_SIZE, 2), np.float32).ravel()
    silhouettes = np.zeros(layout.TEXTURE_AREA * 4, np.float32)
    clouds = np.zeros(layout.HEIGHT_SIZE**2, np.float32)
    function("render")(
        *(light, away, groups, camera, rows, bounds, len(rows), materials.array(), np.zeros(layout.ENV_WIDTH, "f")),
        *(np.zeros((1, layout.LIGHT_WIDTH), "f"), 0, table, tops, clouds, silhouettes, 0.0),
        *(0, -(-height // layout.TILE_HEIGHT), Effort(far=200.0).row()),
    )
    return away, groups, camera


def rays(camera: np.ndarray, width: int, height: int) -> np.ndarray:
    """A unit vector for every pixel."""
    row = camera.astype(np.float64)
    u = ((2 * (np.arange(width) + 0.5) - width) / height)[None, :, None]
    v = (-(2 * (np.arange(height) + 0.5) - height) / height)[:, None, None]
    along = u * row[3:6] + v * row[6:9] + row[12] * row[9:12]
    return along / np.linalg.norm(along, axis=2, keepdims=True)


def test_depth_of_a_plane_is_what_geometry_says() -> None:
    from reelway.previz.passes.depth import along_view, to_levels, to_metres

    away, _, camera = scene(160, 96, ball=False)
    directions = rays(camera, 160, 96)
    true = -2.0 / directions[..., 1]
    met = (directions[..., 1] < 0) & (true < 150)
    assert met.mean() > 0.4
    expected = true * (directions @ camera[9:12].astype(np.float64))
    read = to_metres(to_levels(along_view(away, camera), ~met))
    assert np.allclose(read[met], expected[met], rtol=2e-3)
    assert np.isinf(read[~met]).all()


def test_depth_and_mask_of_a_ball_are_what_geometry_says() -> None:
    from reelway.previz.passes.depth import along_view
    from reelway.previz.passes.masks import to_levels

    away, groups, camera = scene(160, 96, ball=True)
    directions = rays(camera, 160, 96)
    centre = np.array([0.5, 1.5, 8.0]) - camera[:3]
    nearest = directions @ centre
    off = np.sqrt(np.maximum(centre @ centre - nearest**2, 0))
    inside, outside = off < 0.97, off > 1.03
    mask = to_levels(groups, [("ball", 2, 2)])
    assert inside.sum() > 100
    assert (mask[inside] == 255).all()
    assert (mask[outside] == 0).all()
    ahead = directions @ camera[9:12].astype(np.float64)
    expected = (nearest - np.sqrt(np.maximum(1 - off**2, 0))) * ahead
    assert np.allclose(along_view(away, camera)[inside], expected[inside], atol=0.03)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def test_every_pass_lies_beside_the_clip(engine: Engine, order: MakeOrder, tmp_path: Path) -> None:
    from reelway.previz.passes.depth import to_metres

    report = await engine.render(
        order("two dogs run over a field", passes=EVERY), tmp_path / "a.mp4", on_progress=lambda share: None
    )
    assert names_in(tmp_path) == {"a.mp4", *report.passes}
    assert len(report.passes) == 7
    metres = to_metres(levels(tmp_path / "a.depth.mkv", "gray16le"))
    masks = levels(tmp_path / "a.masks.mkv", "gray")
    assert metres.shape == masks.shape == (4, 72, 128)
    assert (metres > 0).all()
    cast = json.loads((tmp_path / "a.masks.json").read_text())["cast"]
    assert [one["kind"] for one in cast] == ["dog", "dog"]
    for one in cast:
        assert (masks == one["value"]).sum() > 50
    assert set(np.unique(masks)) <= {0, *(one["value"] for one in cast)}
    assert json.loads((tmp_path / "a.shot.json").read_text())["setting"].startswith("field")
    assert len(json.loads((tmp_path / "a.camera.json").read_text())["frames"]) == 4


def test_passes_are_as_large_and_as_long_as_the_clip_and_the_same_again(order: MakeOrder, tmp_path: Path) -> None:
    from reelway.previz.render import render

    made = []
    for threads in (1, 2):
        folder = tmp_path / str(threads)
        folder.mkdir()
        asked = order("an astronaut on mars", width=800, height=450, frames=2, passes=["depth", "masks"])
        render(asked, folder / "a.mp4", threads=threads, stop=Event(), on_progress=lambda share: None)
        made.append((levels(folder / "a.depth.mkv", "gray16le"), levels(folder / "a.masks.mkv", "gray")))
    assert made[0][0].shape == (2, 450, 800)
    assert all(np.array_equal(one, other) for one, other in zip(*made, strict=True))


def test_the_picture_is_the_same_whatever_the_threads_and_passes(order: MakeOrder, tmp_path: Path) -> None:
    from reelway.previz.render import render

    for threads, passes in ((1, []), (3, ["masks"])):
        asked = order("rainy alley", frames=5, passes=passes)
        render(asked, tmp_path / f"{threads}.mp4", threads=threads, stop=Event(), on_progress=lambda share: None)
    one, other = (levels(tmp_path / f"{threads}.mp4", "rgb24") for threads in (1, 3))
    assert np.array_equal(one, other)


def test_a_stopped_render_leaves_no_pass(order: MakeOrder, tmp_path: Path) -> None:
    from reelway.previz.render import Stopped, render

    stop = Event()
    asked = order(frames=200, passes=EVERY)
    with pytest.raises(Stopped):
        render(asked, tmp_path / "a.mp4", threads=2, stop=stop, on_progress=lambda share: stop.set())
    assert list(tmp_path.iterdir()) == []


async def test_a_preview_comes_before_the_clip(engine: Engine, order: MakeOrder, tmp_path: Path) -> None:
    heard: list[tuple[str, float | bytes]] = []
    await engine.render(
        order("mars", width=640, height=360, frames=4),
        tmp_path / "a.mp4",
        on_progress=lambda share: heard.append(("progress", share)),
        on_preview=lambda jpeg: heard.append(("preview", jpeg)),
    )
    assert [what for what, _ in heard].count("preview") == 1
    what, jpeg = heard[0]
    assert what == "preview"
    assert isinstance(jpeg, bytes)
    shown = Image.open(BytesIO(jpeg))
    assert shown.size == (320, 180)
    first = Image.fromarray(levels(tmp_path / "a.mp4", "rgb24")[0]).resize(shown.size)
    assert np.abs(np.asarray(shown, float) - np.asarray(first, float)).mean() < 12


@pytest.mark.parametrize(
    "wrong", [{"passes": ["normals"]}, {"passes": ["depth"], "image": "a.png"}, {"passes": "depth"}]
)
def test_passes_that_cannot_be_made_are_refused(order: MakeOrder, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="passes"):
        order(**wrong)
