"""The sound that goes with a clip: measured, since nobody listens to a test."""

from collections.abc import Callable
from pathlib import Path
from threading import Event

import av
import numpy as np
import pytest

from reelway.previz import Order
from reelway.previz.prompt import parse
from reelway.previz.sound import BEDS, RATE, Score, ambience, loudness, score
from reelway.previz.sound.steps import GROUNDS, moments

MakeOrder = Callable[..., Order]


def bed(name: str, duration_s: float = 6.0, seed: int = 5) -> np.ndarray:
    return ambience(Score({name: 0.0}), duration_s=duration_s, seed=seed)


def power(sound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies, and the power at each."""
    middle = sound.mean(0)
    return np.fft.rfftfreq(middle.size, 1 / RATE), np.abs(np.fft.rfft(middle)) ** 2


def share(sound: np.ndarray, low: float, high: float) -> float:
    hertz, each = power(sound)
    return float(each[(hertz >= low) & (hertz < high)].sum() / each.sum())


def envelope(sound: np.ndarray) -> np.ndarray:
    """Loudness in steps of 50 ms."""
    step = RATE // 20
    middle = sound.mean(0)
    return np.sqrt((middle[: middle.size // step * step].reshape(-1, step) ** 2).mean(1))


@pytest.mark.parametrize("name", sorted(BEDS))
def test_every_bed_is_quiet_whole_and_never_clips(name: str) -> None:
    sound = bed(name, 4.0)
    assert sound.shape == (2, 4 * RATE)
    assert sound.dtype == np.float32
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() < 10 ** (-6 / 20)
    assert loudness(sound) == pytest.approx(-27, abs=1.5)
    assert abs(float(sound.mean())) < 1e-3


@pytest.mark.parametrize("name", sorted(set(BEDS) - {"thunder"}))
def test_every_bed_repeats_without_a_seam(name: str) -> None:
    """The step from the last sample to the first is one like all others."""
    sound = bed(name, 4.0)
    assert np.abs(sound[:, 0] - sound[:, -1]).max() <= 1.05 * np.abs(np.diff(sound)).max()


def test_the_same_seed_is_the_same_sound_and_another_is_another() -> None:
    assert np.array_equal(bed("rain", seed=3), bed("rain", seed=3))
    assert not np.array_equal(bed("rain", seed=3), bed("rain", seed=4))


def test_left_is_not_right() -> None:
    assert abs(np.corrcoef(bed("rain"))[0, 1]) < 0.6


def test_rain_is_broad() -> None:
    sound = bed("rain")
    parts = [share(sound, low, low * 2) for low in (750, 1500, 3000, 6000)]
    assert min(parts) > 0.05
    assert max(parts) < 0.55
    steady = envelope(sound)
    assert steady.std() / steady.mean() < 0.2


def test_the_sea_comes_and_goes() -> None:
    sound = bed("sea", 12.0)
    waves = envelope(sound)
    assert np.percentile(waves, 95) > 1.8 * np.percentile(waves, 5)
    slow = np.abs(np.fft.rfft(waves - waves.mean()))
    hertz = np.fft.rfftfreq(waves.size, 0.05)
    assert hertz[slow.argmax()] < 0.7


@pytest.mark.parametrize(("name", "base"), [("engine", 74.0), ("motorbike", 92.0), ("propeller", 84.0), ("boat", 27.0)])
def test_an_engine_has_harmonics(name: str, base: float) -> None:
    hertz, each = power(bed(name))

    def around(place: float) -> float:
        return float(each[np.abs(hertz - place) < 2.5].mean())

    for number in (2, 3, 4):
        assert around(base * number) > 6 * around(base * (number + 0.5))


@pytest.mark.parametrize(
    ("name", "low", "high", "least"),
    [
        ("underwater", 12, 350, 0.8),
        ("space", 12, 200, 0.8),
        ("birds", 1500, 9000, 0.6),
        ("crickets", 3500, 5200, 0.6),
        ("wind", 40, 1200, 0.8),
        ("city", 20, 900, 0.8),
    ],
)
def test_a_bed_lies_where_its_thing_does(name: str, low: float, high: float, least: float) -> None:
    assert share(bed(name), low, high) > least


@pytest.mark.parametrize("ground", sorted(GROUNDS))
def test_steps_fall_when_the_feet_do(ground: str) -> None:
    at = moments(2.0, 4.0, start=0.5)
    quiet = Score({"room": -60.0}, ground=ground)
    loud = envelope(ambience(quiet, duration_s=4.0, seed=1, footfalls_s=at))
    peaks = {int(moment * 20) for moment in at}
    rest = [value for number, value in enumerate(loud) if not {number, number - 1, number - 2, number - 3} & peaks]
    assert min(max(loud[p : p + 2]) for p in peaks) > 3 * np.median(rest)


def test_nothing_steps_where_there_is_no_air() -> None:
    with_feet, without = (
        ambience(Score({"space": 0.0}, muffled=True), duration_s=2.0, seed=1, footfalls_s=steps)
        for steps in ([0.5, 1.0], [])
    )
    assert np.array_equal(with_feet, without)


@pytest.mark.parametrize(
    ("prompt", "some", "none"),
    [
        ("a detective in an alley, heavy rain", {"rain"}, {"birds"}),
        ("a red sports car on a coast road", {"sea", "engine"}, set()),
        ("an astronaut walks on mars", {"wind"}, {"city"}),
        ("a spaceship passes in outer space", {"space"}, {"thrusters", "wind"}),
        ("a deer in the forest", {"birds"}, {"city"}),
        ("a thunderstorm over the city", {"thunder", "rain"}, set()),
        ("a campfire on a beach at night", {"fire", "sea"}, set()),
        ("fish underwater", {"underwater"}, {"birds", "wind"}),
    ],
)
def test_a_shot_sounds_like_its_place(prompt: str, some: set[str], none: set[str]) -> None:
    beds = score(parse(prompt), prompt).beds.keys()
    assert some <= beds
    assert not none & beds


def test_only_the_words_say_what_a_given_picture_sounds_like() -> None:
    said = score(parse("push in"), "push in, waves and wind", made_up=False)
    assert said.beds.keys() == {"sea", "wind"}
    assert score(parse("push in"), "push in", made_up=False).beds.keys() == {"room"}


def test_what_is_not_wanted_is_not_heard() -> None:
    prompt = "a campfire in the forest"
    assert "birds" not in score(parse(prompt), prompt, unwanted="birds").beds
    assert loudness(ambience(score(parse(prompt), f"{prompt}, silent"), duration_s=2.0, seed=1)) < -35


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize(("frames", "fps"), [(5, 8), (1, 24), (11, 30)])
def test_a_clip_has_a_track_as_long_as_itself(order: MakeOrder, tmp_path: Path, frames: int, fps: int) -> None:
    from reelway.previz.render import render

    path = tmp_path / "a.mp4"
    wanted = order("a duck on a river", frames=frames, fps=fps, width=64, height=64, audio=True)
    render(wanted, path, threads=1, stop=Event(), on_progress=lambda share: None)
    with av.open(str(path)) as clip:
        (track,) = clip.streams.audio
        assert track.codec_context.name == "aac"
        assert (track.rate, track.codec_context.layout.name) == (RATE, "stereo")
        assert float(track.duration * track.time_base) == pytest.approx(frames / fps, abs=1024 / RATE)
        sound = np.concatenate([frame.to_ndarray() for frame in clip.decode(track)], axis=1)
    assert sound.shape[1] == pytest.approx(frames / fps * RATE, abs=1024)
    assert 0.002 < np.sqrt(np.mean(sound**2)) < 0.2
    assert np.abs(sound).max() < 10 ** (-6 / 20)


@pytest.mark.usefixtures("cache_dir")
def test_a_clip_without_it_has_no_track(order: MakeOrder, tmp_path: Path) -> None:
    from reelway.previz.render import render

    render(
        order("a duck", frames=2, width=64, height=64), tmp_path / "a.mp4", threads=1, stop=Event(),
        on_progress=lambda share: None,
    )  # fmt: skip
    with av.open(str(tmp_path / "a.mp4")) as clip:
        assert not clip.streams.audio
