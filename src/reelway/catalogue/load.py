"""Reads the catalogue: one TOML file per family, every entry checked and priced before the server starts."""

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from datetime import date
from difflib import get_close_matches
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from reelway.domain.generation import Control, Mode
from reelway.domain.models import PROMPT_CHARS_MAX, Life, Likeness, ModelCard, Route, smallest_clip
from reelway.domain.money import parse_usd
from reelway.domain.passes import Pass, parse_passes
from reelway.domain.prices import Price, Tier
from reelway.domain.shapes import Rule, Shape
from reelway.errors import ConfigError, InvalidRequest, ModelNotFound

# A key of an entry is a field of the card; `family` and `vendor` come from the file's [family] table.
_KNOWN: Final = frozenset(f.name for f in fields(ModelCard)) - {"family", "vendor", "vendor_price"}
_RANK_LAST: Final = 1000  # of a model whose entry gives none
_NAME_CHARS_MAX: Final = 200  # looking for the nearest name takes time with the square of the length


class Catalogue:
    """All public models; ids are matched without regard to case, as ModelsLab's own are written both ways."""

    def __init__(self, cards: Iterable[ModelCard]) -> None:
        self._cards = {card.id: card for card in cards}
        self._by_name: dict[str, ModelCard] = {}
        for card in self._cards.values():
            for name in (card.id, *card.aliases):
                if self._by_name.setdefault(name.lower(), card) is not card:
                    raise ConfigError(f"two models of the catalogue answer to {name!r}")

    def cards(self) -> list[ModelCard]:
        """All, by id."""
        return [self._cards[id] for id in sorted(self._cards)]

    def find(self, model: str) -> ModelCard:
        """The card of that id or alias; raises ModelNotFound with the nearest names."""
        name = model[:_NAME_CHARS_MAX].strip().lower()
        card = self._by_name.get(name)
        if card is None:
            near = get_close_matches(name, self._by_name, n=2, cutoff=0.5)
            raise ModelNotFound(model[:80], tuple(dict.fromkeys(self._by_name[n].id for n in near)))
        return card

    def get(self, model: str) -> ModelCard | None:
        """The card of that id or alias, or None."""
        return self._by_name.get(model.strip().lower())


def load(extra: Path | None = None, *, margin_percent: float = 0.0) -> Catalogue:
    """The built-in catalogue, and the operator's own folder of TOML files over it; raises ConfigError.

    The margin comes on top of every price in it.
    """
    margin = 1 + Fraction(str(margin_percent)) / 100
    cards: dict[str, ModelCard] = {}
    for name, text in _texts(extra):
        try:
            parsed = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"catalogue file {name}: {error}") from error
        family = parsed.get("family")
        if not isinstance(family, dict):
            raise ConfigError(f"catalogue file {name} has no [family] table")
        for entry in parsed.get("models", []):
            try:
                card = _card(entry, family, margin)
                card.price_microusd(smallest_clip(card))
            except (KeyError, TypeError, ValueError, InvalidRequest, ConfigError) as error:
                raise ConfigError(f"catalogue file {name}, model {entry.get('id')!r}: {error!s}") from error
            cards[card.id] = card
    return Catalogue(cards.values())


def _texts(extra: Path | None) -> Iterable[tuple[str, str]]:
    for file in sorted(files("reelway.catalogue").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            yield file.name, file.read_text()
    if extra is not None:
        for path in sorted(extra.glob("*.toml")):
            yield str(path), path.read_text()


def _card(entry: Mapping[str, Any], family: Mapping[str, Any], margin: Fraction) -> ModelCard:
    _only(entry, _KNOWN, "model")
    audio = entry.get("audio", "none")
    if audio not in ("on", "optional", "none"):
        raise ConfigError(f"audio is {audio!r}; use on, optional or none")
    durations = tuple(int(d) for d in entry["durations_s"])
    price = _price(entry["price"]) if "price" in entry else None
    fps = int(entry["fps"])
    return ModelCard(
        id=entry["id"],
        name=entry["name"],
        family=family["id"],
        vendor=family["vendor"],
        description=entry["description"],
        modes=tuple(Mode(m) for m in entry["modes"]),
        durations_s=durations,
        frames_min=int(entry.get("frames_min", fps)),
        frames_max=int(entry.get("frames_max", max(durations) * fps)),
        fps=fps,
        fps_max=int(entry.get("fps_max", 30)),
        sizes=tuple(_size(s) for s in entry["sizes"]),
        audio=audio,
        last_frame=bool(entry.get("last_frame", False)),
        prompt_chars_max=int(entry.get("prompt_chars_max", PROMPT_CHARS_MAX)),
        price=None if price is None else price.times(margin),
        vendor_price=price,
        rules=_rules(entry),
        rank=int(entry.get("rank", _RANK_LAST)),
        good_for=tuple(entry.get("good_for", ())),
        life=Life(entry.get("life", "live")),
        retired_on=entry.get("retired_on"),
        successor=entry.get("successor"),
        aliases=tuple(entry.get("aliases", ())),
        routes=tuple(_route(r) for r in entry["routes"]),
        source=entry["source"],
    )


def _price(entry: Mapping[str, Any]) -> Price:
    _only(entry, {"usd_per_s", "by_resolution", "tiers", "source", "read_on"}, "price")
    by_side = sorted(((int(side), usd) for side, usd in entry.get("by_resolution", {}).items()), reverse=True)
    read_on = entry["read_on"]
    if not isinstance(read_on, date):
        raise ConfigError(f"price.read_on is {read_on!r}; write a date like 2026-11-22")
    return Price(
        microusd_per_s=parse_usd(str(entry["usd_per_s"])),
        tiers=(
            *(_tier(tier) for tier in entry.get("tiers", ())),
            *(Tier(when=Shape(side_from=side), microusd_per_s=parse_usd(str(usd))) for side, usd in by_side),
        ),
        source=entry["source"],
        read_on=read_on,
    )


def _tier(entry: Mapping[str, Any]) -> Tier:
    _only(entry, {"when", "usd_per_s", "usd"}, "price tier")
    if ("usd_per_s" in entry) is ("usd" in entry):
        raise ConfigError(f"price tier {dict(entry)}: give usd_per_s or usd (of the whole clip), one of them")
    each, whole = entry.get("usd_per_s"), entry.get("usd")
    return Tier(
        when=_shape(entry["when"]),
        microusd_per_s=None if each is None else parse_usd(str(each)),
        microusd=None if whole is None else parse_usd(str(whole)),
    )


def _route(entry: Mapping[str, Any]) -> Route:
    _only(entry, {f.name for f in fields(Route)}, "route")
    free = bool(entry.get("free", False))
    return Route(
        provider=entry["provider"],
        upstream_model=entry["upstream_model"],
        life=Life(entry.get("life", "live")),
        retires_on=entry.get("retires_on"),
        free=free,
        likeness=Likeness(entry.get("likeness", Likeness.OTHER if free else Likeness.MODEL)),
        makes=_shape(entry.get("makes", {})),
        rules=_rules(entry),
        control=tuple(Control(kind) for kind in entry.get("control", ())),
        cost=_price(entry["cost"]) if "cost" in entry else None,
        passes=parse_passes(entry.get("passes", Pass if free else ())),  # free ones are previz's
    )


def _rules(entry: Mapping[str, Any]) -> tuple[Rule, ...]:
    rules = entry.get("rules", ())
    for rule in rules:
        _only(rule, {"when", "need", "say"}, "rule")
    return tuple(Rule(when=_shape(r["when"]), need=_shape(r["need"]), say=r["say"]) for r in rules)


def _shape(entry: Mapping[str, Any]) -> Shape:
    """A Shape's own names; lists are tuples, sizes are like 1280x720."""
    _only(entry, {f.name for f in fields(Shape)}, "kind of clip")
    read: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    if "modes" in read:
        read["modes"] = tuple(Mode(mode) for mode in read["modes"])
    if "sizes" in read:
        read["sizes"] = tuple(_size(size) for size in read["sizes"])
    return Shape(**read)


def _only(entry: Mapping[str, Any], known: Collection[str], what: str) -> None:
    if unknown := entry.keys() - set(known):
        raise ConfigError(f"{what}: unknown keys {_list(unknown)}; known are {_list(known)}")


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _size(text: str) -> tuple[int, int]:
    if text == "any":
        return 0, 0
    width, _, height = text.partition("x")
    return int(width), int(height)
