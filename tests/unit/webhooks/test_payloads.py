"""Payloads: what ModelsLab's and OpenAI's readers find where they look."""

from dataclasses import replace
from typing import Any

import pytest

from builders import an_output
from reelway.domain.events import ENDED, EventType
from reelway.domain.generation import Dialect, PassFile
from reelway.domain.states import FINAL, State
from reelway.webhooks.payloads import (
    EVENT_NAMES,
    EVENT_OF_STATE,
    event_id_of,
    event_payload,
    modelslab_payload,
)
from unit.webhooks.examples import ended, generation


def test_a_finished_clip_has_modelslabs_documented_body() -> None:
    g = ended(echo={"guidance_scale": 7, "webhook": "http://a.test", "enhance_prompt": None}, track_id="v1")
    body = modelslab_payload(g, preview=True)
    meta = body.pop("meta")
    assert body == {
        "status": "success",
        "id": 41,
        "output": ["http://reelway.test/files/tok.mp4"],
        "proxy_links": ["http://reelway.test/files/tok.mp4"],
        "generationTime": 4.49,
        "track_id": "v1",
        "served_by": "previz",
        "preview": True,
        "price": "1.44",
    }
    assert meta["guidance_scale"] == 7
    assert meta["enhance_prompt"] is None
    assert (meta["width"], meta["height"], meta["fps"], meta["num_frames"], meta["seed"]) == (1280, 720, 24, 96, 7)
    assert (meta["prompt"], meta["model_id"]) == ("a red kite", "sora-2-pro-t2v")


def test_passes_are_told_on_both_wires_and_only_those_that_are_there() -> None:
    files = (
        PassFile(name="depth.mkv", media_type="video/x-matroska", size_bytes=5),
        PassFile(name="depth.json", media_type="application/json", size_bytes=2),
        PassFile(name="shot.json", media_type="application/json", size_bytes=3),
    )
    output = an_output(width=1280, height=720, frames=96, duration_s=4.0)
    plain = ended(output=output)
    g = ended(output=replace(output, passes=files))
    depth = {
        "url": "http://reelway.test/files/tok-depth.mkv",
        "content_type": "video/x-matroska",
        "size_bytes": 5,
        "meta_url": "http://reelway.test/files/tok-depth.json",
    }
    shot = {
        "url": "http://reelway.test/files/tok-shot.json",
        "content_type": "application/json",
        "size_bytes": 3,
        "meta_url": None,
    }
    assert modelslab_payload(g, preview=True)["passes"] == {"depth": depth, "shot": shot}
    told = event_payload(g, EventType.SUCCEEDED, "evt_1", preview=True)["data"]
    assert told["passes"] == {"depth": depth, "shot": shot}
    assert event_payload(plain, EventType.SUCCEEDED, "evt_1", preview=True)["data"]["passes"] == {}


@pytest.mark.parametrize("track_id", ["video_001", 17, 2.5, None, ""])
def test_track_id_keeps_its_json_type(track_id: Any) -> None:
    for g in (ended(track_id=track_id), ended(State.FAILED, track_id=track_id)):
        echoed = modelslab_payload(g, preview=False)["track_id"]
        assert (echoed, type(echoed)) == (track_id, type(track_id))


def test_every_other_end_is_modelslabs_failure_with_a_text() -> None:
    failed = modelslab_payload(ended(State.FAILED, error_message="refused: violence"), preview=False)
    assert failed == {"status": "failed", "id": 41, "message": "refused: violence", "track_id": None}
    for state in FINAL - {State.SUCCEEDED}:
        body = modelslab_payload(ended(state), preview=False)
        assert body["status"] == "failed"
        assert body["message"]


def test_neither_key_nor_picture_is_echoed() -> None:
    echo = {"key": "rw_live_secret", "init_image": ["data:image/png;base64," + "A" * 100_000]}
    meta = modelslab_payload(ended(echo=echo), preview=False)["meta"]
    assert "key" not in meta
    assert len(meta["init_image"][0]) < 200


def test_an_event_carries_the_id_that_openai_clients_fetch() -> None:
    body = event_payload(ended(dialect=Dialect.OPENAI), EventType.SUCCEEDED, "evt_1", preview=True)
    assert (body["id"], body["object"], body["type"]) == ("evt_1", "event", "video.completed")
    assert body["created_at"] == 1_800_000_005
    assert body["timestamp"] == "2027-01-15T08:00:05.491Z"
    data = body["data"]
    assert (data["id"], data["status"], data["seconds"], data["size"]) == ("video_one", "completed", "4", "1280x720")
    assert (data["served_by"], data["preview"], data["price_usd"]) == ("previz", True, "1.44")
    assert data["url"] == "http://reelway.test/files/tok.mp4"
    assert data["error"] is None


def test_a_failed_event_has_code_and_message_and_no_url() -> None:
    g = ended(State.FAILED, error_code="provider_refused", error_message="violence", charged_microusd=0)
    data = event_payload(g, EventType.FAILED, "evt_1", preview=False)["data"]
    assert data["error"] == {"code": "provider_refused", "message": "violence"}
    assert data["url"] is None
    assert data["charged_usd"] == "0.00"


def test_every_end_has_a_name_and_nothing_else_has() -> None:
    assert set(EVENT_NAMES) == ENDED
    assert set(EVENT_OF_STATE) == FINAL


def test_what_has_not_ended_is_not_announced() -> None:
    with pytest.raises(ValueError, match="only what has ended"):
        modelslab_payload(generation(), preview=False)


def test_an_event_id_is_the_same_again_and_another_for_another_end() -> None:
    assert event_id_of("video_one", EventType.FAILED) == event_id_of("video_one", EventType.FAILED)
    assert event_id_of("video_one", EventType.FAILED) != event_id_of("video_one", EventType.EXPIRED)
    assert event_id_of("video_one", EventType.FAILED) != event_id_of("video_two", EventType.FAILED)
