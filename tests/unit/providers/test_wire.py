"""How a clip is said in the words of providers, and what is kept of what they publish."""

from dataclasses import replace
from typing import Any

import pytest

from builders import a_spec
from reelway.domain.generation import Asset, Role
from reelway.errors import ProviderError, ProviderFault
from reelway.providers.base import read_id
from reelway.providers.wire import Kept, check_frames, check_source, named_ratio, named_size, whole_seconds
from replicas.replica import a_clip

SIDES = {"480p": 480, "720p": 720, "768p": 768, "1080p": 1080, "2K": 1440, "4K": 2160}
FIRST = Asset(role=Role.FIRST_FRAME, key="a.png", media_type="image/png", width=64, height=64, size_bytes=1)


@pytest.mark.parametrize(
    ("width", "height", "size", "ratio"),
    [
        (854, 480, "480p", "16:9"),
        (864, 496, "480p", "16:9"),
        (640, 640, "480p", "1:1"),
        (480, 480, "480p", "1:1"),
        (1112, 834, "720p", "4:3"),
        (1104, 832, "720p", "4:3"),
        (960, 960, "720p", "1:1"),
        (720, 720, "720p", "1:1"),
        (720, 1080, "720p", "2:3"),
        (1470, 630, "720p", "21:9"),
        (1344, 768, "768p", "16:9"),
        (1366, 768, "768p", "16:9"),
        (1080, 1080, "1080p", "1:1"),
        (1440, 1440, "1080p", "1:1"),
        (1248, 1664, "1080p", "3:4"),
        (1080, 2520, "1080p", "9:21"),
        (2560, 1440, "2K", "16:9"),
        (2160, 3840, "4K", "9:16"),
    ],
)
def test_a_size_and_a_ratio_have_names(width: int, height: int, size: str, ratio: str) -> None:
    spec = a_spec(width=width, height=height)
    assert (named_size(spec, SIDES), named_ratio(spec)) == (size, ratio)


def rejected(call: Any, *given: Any) -> str:
    with pytest.raises(ProviderError) as caught:
        call(*given)
    assert caught.value.fault is ProviderFault.REJECTED
    return caught.value.message


def test_what_has_no_name_is_rejected_and_the_names_are_said() -> None:
    odd = a_spec(width=1792, height=1024)
    assert rejected(named_size, odd, {"720p": 720, "1080p": 1080}).startswith(
        "only 720p, 1080p are made there; 1792x1024"
    )
    assert "16:9, 9:16 are made there; 1280x1280 is none" in rejected(
        named_ratio, a_spec(width=1280, height=1280), ("16:9", "9:16")
    )
    assert "1280x1000 is none of them" in rejected(named_ratio, a_spec(width=1280, height=1000))


def test_only_whole_seconds_and_frames() -> None:
    assert whole_seconds(a_spec(frames=120)) == 5
    assert "whole seconds are made there; 5.04167 s" in rejected(whole_seconds, a_spec(frames=121))
    check_frames(a_spec(assets=(FIRST,)))
    last, sound = (replace(FIRST, role=role) for role in (Role.LAST_FRAME, Role.AUDIO))
    check_frames(a_spec(assets=(FIRST, last)))
    assert "no last frame is taken there without a first" in rejected(check_frames, a_spec(assets=(last,)))
    assert "no audio is taken there" in rejected(check_frames, a_spec(assets=(FIRST, sound)))


async def test_a_source_is_as_long_as_what_is_charged() -> None:
    """A container that says two frames more than its second is still a second; a longer one would be billed to us."""
    await check_source(a_clip(frames=26), a_spec(frames=24))
    for data, said in ((a_clip(frames=36), "lasts 1.5 s and 1 s were ordered"), (b"abc", "the source video: ")):
        with pytest.raises(ProviderError, match=said) as caught:
            await check_source(data, a_spec(frames=24))
        assert caught.value.fault is ProviderFault.REJECTED


async def test_what_is_published_is_asked_for_once_until_it_is_old() -> None:
    asked: list[None] = []

    async def ask() -> int:
        asked.append(None)
        return len(asked)

    kept = Kept(ask, keep_s=10)
    assert [await kept.get(ms) for ms in (0, 9_000, 10_000, 10_001, 15_000)] == [1, 1, 1, 2, 2]
    assert await kept.get(15_000, no_older_than_s=1) == 3
    assert await kept.get(15_500, no_older_than_s=1) == 3
    assert await kept.get(0) == 4, "a clock that was set back"


async def test_what_could_not_be_asked_for_is_asked_for_again() -> None:
    answers: list[Any] = [ProviderError(ProviderFault.UNAVAILABLE, "down"), "keys"]

    async def ask() -> str:
        if isinstance(answer := answers.pop(0), Exception):
            raise answer
        return str(answer)

    kept = Kept(ask, keep_s=10)
    with pytest.raises(ProviderError, match="down"):
        await kept.get(0)
    assert await kept.get(0) == "keys"


@pytest.mark.parametrize("answer", [{"id": ""}, {"id": 7}, {}, ["7"], None])
def test_a_job_that_could_not_be_found_again_is_not_taken_for_one(answer: Any) -> None:
    with pytest.raises(ProviderError, match="field 'id' is") as caught:
        read_id(answer)
    assert caught.value.fault is ProviderFault.UNREADABLE
