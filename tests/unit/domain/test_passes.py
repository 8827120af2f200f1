"""Passes by name, and which models make them."""

from dataclasses import replace

import pytest

from builders import a_spec, an_output
from reelway.catalogue.load import load
from reelway.domain.files import SUFFIXES, pass_suffix, suffixes_of
from reelway.domain.generation import ClipSpec, GenerationRequest, InputFile, Mode, Output, PassFile, Role
from reelway.domain.passes import FILES, Pass, files_of, parse_passes
from reelway.errors import InvalidRequest
from reelway.previz.order import PASSES
from reelway.storage.base import media_type_of

CATALOGUE = load()


def test_the_gateway_offers_what_the_engine_makes() -> None:
    assert tuple(Pass) == PASSES == tuple(FILES)


def test_equal_wishes_are_equal() -> None:
    assert parse_passes(["shot", " Depth", "shot"]) == parse_passes(["depth", "shot"]) == (Pass.DEPTH, Pass.SHOT)
    assert parse_passes([]) == ()


@pytest.mark.parametrize("name", ["normals", "", 7, None, {"depth": 1}])
def test_a_pass_there_is_none_of_is_refused_with_those_that_there_are(name: object) -> None:
    with pytest.raises(InvalidRequest, match="there are depth, masks, camera, shot") as refused:
        parse_passes(["depth", name])
    assert refused.value.param == "passes"


def test_every_file_has_a_name_and_a_type_of_its_own() -> None:
    assert len(set(SUFFIXES)) == len(SUFFIXES)
    types = {name: media_type_of(name) for name in files_of(Pass)}
    assert "application/octet-stream" not in types.values()
    assert types["camera.gltf"] == "model/gltf+json"
    assert set(suffixes_of([Pass.SHOT])) == set(suffixes_of([])) | {pass_suffix("shot.json")}


@pytest.mark.parametrize("card", [c for c in CATALOGUE.cards() if any(r.free for r in c.routes)], ids=lambda c: c.id)
def test_previews_make_all_passes_and_what_is_paid_for_makes_none(card: object) -> None:
    for route in card.routes:  # type: ignore[attr-defined]
        assert route.passes == (tuple(Pass) if route.free else ())


def test_a_route_says_which_it_lacks() -> None:
    paid = next(r for r in CATALOGUE.find("veo-3.1").routes if not r.free)
    spec = a_spec(width=1280, height=720, frames=8 * 24, audio=True)
    assert paid.misfit(spec, ()) is None
    lacking = paid.misfit(replace(spec, passes=(Pass.DEPTH, Pass.SHOT)), ())
    assert lacking is not None
    assert (lacking.param, lacking.asked, lacking.allowed) == ("passes", "depth, shot", "leaving them out")
    some = replace(paid, passes=(Pass.DEPTH,)).misfit(replace(spec, passes=(Pass.DEPTH, Pass.SHOT)), ())
    assert some is not None
    assert (some.asked, some.allowed) == ("shot", "only depth")


@pytest.mark.parametrize(
    ("mode", "role"), [(Mode.IMAGE_TO_VIDEO, Role.FIRST_FRAME), (Mode.VIDEO_TO_VIDEO, Role.SOURCE_VIDEO)]
)
def test_only_a_clip_of_words_alone_has_passes(mode: Mode, role: Role) -> None:
    given = InputFile(role=role, param="x", data=b"x")
    request = GenerationRequest(model="previz", mode=mode, prompt="a kite", inputs=(given,), passes=(Pass.DEPTH,))
    with pytest.raises(InvalidRequest, match=f"words alone, not {mode}; leave them out"):
        CATALOGUE.find("previz").resolve(request, (), seed=1)


def test_rows_keep_passes_and_those_without_are_as_the_version_before_knows_them() -> None:
    asked = a_spec(passes=(Pass.CAMERA, Pass.SHOT))
    assert ClipSpec.from_json(asked.to_json()) == asked
    assert "passes" not in a_spec().to_json()
    assert ClipSpec.from_json(a_spec().to_json()) == a_spec()
    made = replace(an_output(), passes=(PassFile(name="shot.json", media_type="application/json", size_bytes=2),))
    assert Output.from_json(made.to_json()) == made
    assert "passes" not in an_output().to_json()
    assert Output.from_json(an_output().to_json()) == an_output()
