"""Previews show the right moment, the right way up, at the right size."""

import io
from pathlib import Path

import pytest
from PIL import Image

from reelway.media.gif import gif
from reelway.media.poster import stills
from reelway.media.probe import UnreadableClip


def poster(path: Path) -> bytes:
    return stills(path).poster


def thumbnail(path: Path) -> bytes:
    return stills(path).thumbnail


def contact_sheet(path: Path, columns: int = 5, rows: int = 5) -> bytes:
    return stills(path, columns, rows).contact_sheet


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def grey(image: Image.Image, x: int, y: int) -> int:
    return image.convert("L").getpixel((x, y))


def brightness(frame: int) -> int:
    """What the fixture painted."""
    return 40 + 8 * frame


@pytest.mark.parametrize(("frames", "shown"), [(24, 12), (12, 6), (1, 0)])
def test_a_poster_shows_the_first_second_or_the_middle(make_clip, frames: int, shown: int) -> None:
    image = opened(poster(make_clip(frames=frames, fps=12)))
    assert (image.format, image.size) == ("JPEG", (64, 48))
    assert grey(image, 30, 20) == pytest.approx(brightness(shown), abs=5)


def test_a_poster_is_at_most_1280_wide(make_clip) -> None:
    assert opened(poster(make_clip(frames=1, size=(1920, 1080)))).size == (1280, 720)


def test_a_thumbnail_is_webp(make_clip) -> None:
    image = opened(thumbnail(make_clip(frames=1, size=(1280, 720))))
    assert (image.format, image.size) == ("WEBP", (640, 360))


def test_a_contact_sheet_reads_left_to_right_then_down(make_clip) -> None:
    sheet = opened(contact_sheet(make_clip(frames=12, size=(64, 48)), columns=3, rows=2))
    assert (sheet.format, sheet.size) == ("JPEG", (3 * 64, 2 * 48))
    cells = [grey(sheet, 64 * (cell % 3) + 30, 48 * (cell // 3) + 20) for cell in range(6)]
    assert cells == [pytest.approx(brightness(2 * cell + 1), abs=5) for cell in range(6)]


def test_a_contact_sheet_of_a_short_clip_has_no_empty_cells(make_clip) -> None:
    sheet = opened(contact_sheet(make_clip(frames=2)))
    assert sheet.size == (5 * 64, 5 * 48)
    assert grey(sheet, 5 * 64 - 9, 5 * 48 - 9) == pytest.approx(brightness(1), abs=5)


def test_a_contact_sheet_of_a_long_clip_is_made_of_key_frames(make_clip) -> None:
    sheet = opened(contact_sheet(make_clip(frames=70, fps=1, size=(32, 32)), columns=2, rows=2))
    assert sheet.size == (64, 64)


def test_cells_are_240_wide(make_clip) -> None:
    assert opened(contact_sheet(make_clip(frames=1, size=(480, 270)))).size == (5 * 240, 5 * 135)


def test_webm_has_previews_too(make_clip) -> None:
    path = make_clip("clip.webm", codec="libvpx-vp9")
    assert opened(poster(path)).size == (64, 48)
    assert opened(contact_sheet(path)).size == (5 * 64, 5 * 48)


def test_a_clip_filmed_sideways_is_shown_upright(make_clip, tmp_path: Path) -> None:
    """The clip's left half is white; turned a quarter clockwise, as the file asks, the top is."""
    import av
    import numpy as np

    path = tmp_path / "phone.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        pixels = np.zeros((48, 64, 3), np.uint8)
        pixels[:, :32] = 255
        container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    mp4 = path.read_bytes()
    start = mp4.index(b"tkhd") + 4 + 40
    matrix = (0, 1 << 16, 0, -1 << 16, 0, 0, 48 << 16, 0, 1 << 30)
    packed = b"".join(value.to_bytes(4, "big", signed=True) for value in matrix)
    path.write_bytes(mp4[:start] + packed + mp4[start + 36 :])

    image = opened(poster(path))
    assert image.size == (48, 64)
    assert grey(image, 24, 10) > 200
    assert grey(image, 24, 54) < 50


@pytest.mark.parametrize("preview", [poster, thumbnail, contact_sheet])
def test_previews_of_what_is_no_clip_fail_clearly(tmp_path: Path, preview) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"not a clip at all")
    with pytest.raises(UnreadableClip):
        preview(path)


def test_a_gif_keeps_the_length_and_loops_for_ever(make_clip, tmp_path: Path) -> None:
    output = tmp_path / "clip.gif"
    gif(make_clip(frames=20, fps=10), output)
    image = opened(output.read_bytes())
    assert (image.format, image.size, image.n_frames, image.info["loop"]) == ("GIF", (64, 48), 20, 0)
    length_ms = 0
    for number in range(image.n_frames):
        image.seek(number)
        length_ms += image.info["duration"]
        assert grey(image, 30, 20) == pytest.approx(brightness(number), abs=5)
    assert length_ms == pytest.approx(2000, abs=20)


def test_a_gif_is_at_most_512_wide_and_16_frames_a_second(make_clip, tmp_path: Path) -> None:
    output = tmp_path / "clip.gif"
    gif(make_clip(frames=30, fps=30, size=(1024, 576)), output)
    image = opened(output.read_bytes())
    assert image.size == (512, 288)
    assert image.n_frames == pytest.approx(16, abs=1)


def test_a_gif_of_what_is_no_clip_fails_clearly(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"not a clip at all")
    with pytest.raises(UnreadableClip):
        gif(path, tmp_path / "clip.gif")


def test_a_full_disk_is_not_the_clips_fault(make_clip) -> None:
    with pytest.raises(OSError, match="space"):
        gif(make_clip(frames=48, size=(320, 240)), Path("/dev/full"))
