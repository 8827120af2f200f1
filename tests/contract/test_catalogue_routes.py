"""What the catalogue allows its providers take; and no clip is sold for less than its first provider asks.

A clip that a card and a route allow and an adapter refuses costs a caller a hold and a wait for an error that could
have been said at once. Each route's clips go to the replica of its provider: every size, every length, every use of
frames and sound, and what a request may leave out or overdo.
"""

import io
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import product

import pytest
from PIL import Image

from reelway.catalogue.load import load
from reelway.domain.generation import (
    Asset,
    ClipSpec,
    Control,
    GenerationRequest,
    InputFile,
    Mode,
    Role,
)
from reelway.domain.models import Life, ModelCard, Route
from reelway.errors import InvalidRequest, ProviderError, ProviderFault
from reelway.providers import registry
from reelway.providers.base import Order
from replicas.case import adapter, cases_of
from replicas.replica import a_clip

ANY_SIZE = (0, 0)
ODD_SIZES = [(512, 512), (640, 360)]
WITHOUT_A_WIRE = ("previz", "sandbox", "diffusers")  # they make whatever they are asked
KIND_OF = {  # routes to a table of another name than its kind
    "luma-dream-machine": "luma",
    "diffusers-wan": "diffusers",
    "diffusers-wan-vace-14b": "diffusers",
    "diffusers-wan-vace-1-3b": "diffusers",
    "diffusers-ltx": "diffusers",
    "diffusers-cogvideox": "diffusers",
    "diffusers-cogvideox-i2v": "diffusers",
}
ROLES = {
    Mode.TEXT_TO_VIDEO: ((), (Role.LAST_FRAME,)),
    Mode.IMAGE_TO_VIDEO: ((Role.FIRST_FRAME,), (Role.FIRST_FRAME, Role.LAST_FRAME)),
    Mode.VIDEO_TO_VIDEO: ((Role.SOURCE_VIDEO,),),
}
VIDEOS = (Role.SOURCE_VIDEO, Role.CONTROL_VIDEO)
CARDS = load().cards()


def kind_of(route: Route) -> str:
    return KIND_OF.get(route.provider, route.provider)


def paid(card: ModelCard) -> list[Route]:
    return [r for r in card.routes if r.life is not Life.RETIRED and kind_of(r) not in WITHOUT_A_WIRE]


ROUTES = [
    pytest.param(card, route, id=f"{card.id}-{route.provider}-{route.upstream_model.replace('/', '_')}")
    for card in CARDS
    for route in paid(card)
]


@cache
def file_of(role: Role, width: int, height: int) -> bytes:
    """A picture of the clip's own size, which nobody has to scale; or a second of video."""
    if role in VIDEOS:
        return a_clip()
    file = io.BytesIO()
    Image.new("RGB", (width, height), (30, 90, 200)).save(file, "PNG", compress_level=1)
    return file.getvalue()


def with_files(spec: ClipSpec, roles: frozenset[Role], files: dict[str, bytes]) -> ClipSpec:
    assets = []
    for role in sorted(roles):
        key, data = f"{role}-{spec.size}", file_of(role, spec.width, spec.height)
        files[key] = data
        media = "video/mp4" if role in VIDEOS else "image/png"
        about = {"key": key, "media_type": media, "size_bytes": len(data)}
        assets.append(Asset(role=role, width=spec.width, height=spec.height, **about))  # type: ignore[arg-type]
    return replace(spec, assets=tuple(assets))


def requests(card: ModelCard) -> Iterator[GenerationRequest]:
    """Each size, each length and each use of frames and sound, those that may depend on another with it."""
    sizes = [size for size in card.sizes if size != ANY_SIZE] + (ODD_SIZES if ANY_SIZE in card.sizes else [])
    shapes = [{"width": width, "height": height} for width, height in sizes]
    of_each_side = list({min(size): shape for size, shape in zip(sizes, shapes, strict=True)}.values())
    shortest, usual, longest = min(card.durations_s), card.durations_s[0], max(card.durations_s)
    seconds = {s: {"duration_s": Fraction(s)} for s in card.durations_s}
    between = sorted({card.frames_min, card.frames_min + 1, card.frames_max - 1, card.frames_max})
    sounds = {"on": (True,), "none": (False,), "optional": (False, True)}[card.audio]
    for mode in card.modes:
        for roles, control in uses_of_files(card, mode):
            inputs = tuple(InputFile(role=role, param="init_image") for role in roles)
            asked = GenerationRequest(
                model=card.id,
                mode=mode,
                prompt="a red kite",
                inputs=inputs,
                control=control,
                audio=sounds[0],
                **seconds[usual],
            )
            for shape, audio in product(of_each_side if roles else shapes, sounds):
                yield replace(asked, **shape, audio=audio)
            for shape, length in product(of_each_side[:1] if roles else of_each_side, (shortest, longest)):
                yield replace(asked, **shape, **seconds[length])
            yield from (replace(asked, prompt=words) for words in ("", "x", "é…", "x" * card.prompt_chars_max))
            yield replace(asked, negative_prompt="blur")
            if roles == ROLES[mode][0] or control in card.control[:1]:
                yield from (replace(asked, **length) for length in seconds.values())
                yield from (replace(asked, duration_s=None, frames=frames) for frames in between)
                yield from (replace(asked, duration_s=None, frames=card.frames_max, fps=fps) for fps in (1, 12, 30))


def uses_of_files(card: ModelCard, mode: Mode) -> Iterator[tuple[tuple[Role, ...], Control | None]]:
    """Each with what a control video among them shows."""
    yield from ((roles, None) for roles in ROLES[mode])
    yield from (((*ROLES[mode][0], Role.CONTROL_VIDEO), kind) for kind in card.control)


def allowed(card: ModelCard, route: Route) -> list[tuple[ClipSpec, frozenset[Role]]]:
    """The clips that card and route allow, without their files, and what files they have; each once."""
    clips: dict[tuple[ClipSpec, frozenset[Role]], None] = {}
    for request in requests(card):
        try:
            spec = card.resolve(request, (), seed=1)
        except InvalidRequest:
            continue
        if route.misfit(spec, request.roles) is None:
            clips[spec, request.roles] = None
    return list(clips)


def told(spec: ClipSpec) -> str:
    files, words = [str(asset.role) for asset in spec.assets], f"{len(spec.prompt)} characters"
    return f"{spec.size} {float(spec.duration_s):g} s {spec.fps} fps sound={spec.audio} {files} {words}"


@pytest.mark.parametrize("kind", sorted({kind_of(route) for card in CARDS for route in paid(card)}))
def test_every_route_leads_to_a_kind_of_provider(kind: str) -> None:
    assert kind in registry.names(), f"say in KIND_OF which kind of provider {kind} is"
    assert cases_of(kind)


@pytest.mark.parametrize(("card", "route"), ROUTES)
async def test_what_card_and_route_allow_the_provider_takes(card: ModelCard, route: Route) -> None:
    clips = allowed(card, route)
    assert clips, "the route makes nothing of what the card has"
    files: dict[str, bytes] = {}
    orders = [
        Order(key=f"gen:{number}", spec=with_files(spec, roles, files), upstream_model=route.upstream_model)
        for number, (spec, roles) in enumerate(clips)
    ]
    refused: list[str] = []
    taken: set[str] = set()
    for case in cases_of(kind_of(route)):
        async with (
            case.serve().serving() as replica,
            adapter(case.provider, case.table(replica), files=files) as provider,
        ):
            # One account of a kind takes them all; of the others, who differ in address or key, a few are asked.
            for order in orders[:: 1 if not taken else 8]:
                try:
                    await provider.submit(order)
                    taken.add(case.name)
                except ProviderError as error:
                    if error.fault is ProviderFault.MODEL_GONE:  # another account of that kind has it
                        break
                    refused.append(f"{case.name}: {told(order.spec)}: {error.fault} {error.message}")
    assert refused == []
    assert taken, "nobody has the model"


@pytest.mark.parametrize("card", [pytest.param(card, id=card.id) for card in CARDS if paid(card)])
def test_no_clip_is_sold_below_what_its_first_provider_asks(card: ModelCard) -> None:
    route = paid(card)[0]
    below = []
    for spec, roles in allowed(card, route):
        cost = 0 if route.cost is None else route.cost.of(spec, roles)
        if card.price_microusd(spec, roles) < cost:
            below.append(f"{told(spec)} {sorted(roles)}: {card.price_microusd(spec, roles)} < {cost}")
    assert below == []
