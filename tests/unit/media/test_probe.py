"""Facts about clips, and the gate for those that callers send."""

import contextlib
import io
from fractions import Fraction
from pathlib import Path

import pytest

from reelway.errors import InvalidRequest
from reelway.media.probe import UnreadableClip, check_source_video, probe


def test_an_mp4_tells_its_facts(make_clip) -> None:
    path = make_clip(frames=12, fps=12, size=(64, 48))
    facts = probe(path)
    assert (facts.width, facts.height, facts.fps, facts.frames) == (64, 48, 12, 12)
    assert facts.duration_s == pytest.approx(1.0, abs=0.01)
    assert (facts.codec, facts.has_audio, facts.faststart) == ("h264", False, True)
    assert facts.size_bytes == path.stat().st_size


def test_fractional_frame_rates_stay_exact(make_clip) -> None:
    assert probe(make_clip(fps=Fraction(24000, 1001))).fps == Fraction(24000, 1001)


def test_sound_is_noticed(make_clip) -> None:
    assert probe(make_clip(audio=True)).has_audio


def test_an_index_at_the_end_is_not_faststart(make_clip) -> None:
    assert not probe(make_clip(faststart=False)).faststart


@pytest.mark.parametrize(
    ("name", "codec", "shown"),
    [
        ("clip.mov", "libx264", "h264"),
        ("clip.webm", "libvpx-vp9", "vp9"),
        ("clip.mkv", "libx264", "h264"),
        ("clip.ogg", "libvpx", "vp8"),
    ],
)
def test_other_containers_tell_theirs(make_clip, name: str, codec: str, shown: str) -> None:
    """WebM, MKV and Ogg keep no frame count in their head."""
    facts = probe(make_clip(name, codec=codec))
    assert (facts.width, facts.height, facts.frames, facts.codec) == (64, 48, 12, shown)
    assert facts.duration_s == pytest.approx(1.0, abs=0.1)
    assert facts.fps == 12


def test_a_reader_will_do_and_is_left_open(make_clip) -> None:
    path = make_clip()
    reader = io.BytesIO(path.read_bytes())
    assert probe(reader) == probe(path)
    assert not reader.closed


def test_a_name_cannot_make_ffmpeg_take_the_path_for_a_protocol(make_clip, tmp_path: Path) -> None:
    odd = tmp_path / "concat:a|b.mp4"
    make_clip().rename(odd)
    assert probe(odd).frames == 12


def test_a_clip_filmed_sideways_is_measured_upright(make_clip) -> None:
    path = make_clip(size=(64, 48))
    path.write_bytes(sideways(path.read_bytes()))
    facts = probe(path)
    assert (facts.width, facts.height) == (48, 64)


def sideways(mp4: bytes) -> bytes:
    """Set the track's matrix to a quarter turn, as a phone held upright does."""
    start = mp4.index(b"tkhd") + 4 + 40
    matrix = (0, 1 << 16, 0, -1 << 16, 0, 0, 48 << 16, 0, 1 << 30)
    packed = b"".join(value.to_bytes(4, "big", signed=True) for value in matrix)
    return mp4[:start] + packed + mp4[start + 36 :]


def test_a_download_cut_short_is_not_a_clip(make_clip) -> None:
    """Its index is whole and its first frame decodes; only the boxes tell."""
    path = make_clip(frames=48)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UnreadableClip, match="cut short"):
        probe(path)


NOT_CLIPS = {
    "nothing": b"",
    "text": b"hello" * 100,
    "a playlist": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    "a web page": b"<!doctype html><html></html>",
    "a PNG": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "boxes without a film": b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x08mdat",
    "a box that never ends": b"\xff\xff\xff\xffftypisom",
    "zero boxes": b"\0\0\0\x08free" * 20_000,
    "matroska noise": b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 40,
    "ogg noise": b"OggS" + bytes(range(256)) * 40,
}


@pytest.mark.parametrize("data", NOT_CLIPS.values(), ids=NOT_CLIPS.keys())
def test_what_is_not_a_clip_is_unreadable(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(data)
    with pytest.raises(UnreadableClip):
        probe(path)
    with pytest.raises(InvalidRequest, match=r"not a readable video: .*; send MP4"):
        check_source_video(path)


def test_flipped_bytes_anywhere_give_facts_or_a_clear_no(make_clip) -> None:
    whole = make_clip(frames=4).read_bytes()
    for place in range(0, len(whole), 37):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        with contextlib.suppress(UnreadableClip):
            probe(io.BytesIO(bytes(damaged)))


def test_sound_alone_is_not_a_clip(tmp_path: Path) -> None:
    import av
    import numpy as np

    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(UnreadableClip, match="no picture"):
        probe(path)


def test_a_source_within_the_limits_passes(make_clip) -> None:
    assert check_source_video(make_clip()).frames == 12


def test_a_source_over_the_size_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "big.mp4"
    path.write_bytes(bytes(2000))
    with pytest.raises(InvalidRequest, match="2000 bytes; 1000 is the most") as caught:
        check_source_video(path, size_bytes_max=1000, param="init_video")
    assert caught.value.param == "init_video"


def test_a_source_that_is_too_wide_is_refused(make_clip) -> None:
    with pytest.raises(InvalidRequest, match="4128x16 pixels; 4096 a side"):
        check_source_video(make_clip(frames=1, size=(4128, 16)))


def test_a_source_that_is_too_long_is_refused(make_clip) -> None:
    with pytest.raises(InvalidRequest, match=r"61\.0 s; 60 s is the most"):
        check_source_video(make_clip(frames=61, fps=1, size=(32, 32)))
