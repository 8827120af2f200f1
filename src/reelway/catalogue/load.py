"""Reads the catalogue: one TOML file per family, every entry checked and priced before the server starts."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from reelway.domain.generation import Mode
from reelway.domain.models import PROMPT_CHARS_MAX, Life, ModelCard, Price, Route, smallest_request
from reelway.domain.money import parse_usd
from reelway.errors import ConfigError, InvalidRequest, ModelNotFound

# A key of an entry is a field of the card; `family` and `vendor` come from the file's [family] table.
_KNOWN: Final = frozenset(f.name for f in fields(ModelCard)) - {"family", "vendor"}
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


def load(extra: Path | None = None) -> Catalogue:
    """The built-in catalogue, and the operator's own folder of TOML files over it; raises ConfigError."""
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
                card = _card(entry, family)
                card.price_microusd(smallest_request(card))
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


def _card(entry: Mapping[str, Any], family: Mapping[str, Any]) -> ModelCard:
    if unknown := entry.keys() - _KNOWN:
        raise ConfigError(f"unknown keys {', '.join(sorted(unknown))}; known are {', '.join(sorted(_KNOWN))}")
    audio = entry.get("audio", "none")
    if audio not in ("on", "optional", "none"):
        raise ConfigError(f"audio is {audio!r}; use on, optional or none")
    durations = tuple(int(d) for d in entry["durations_s"])
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
        price=_price(entry["price"]) if "price" in entry else None,
        life=Life(entry.get("life", "live")),
        retired_on=entry.get("retired_on"),
        successor=entry.get("successor"),
        aliases=tuple(entry.get("aliases", ())),
        routes=tuple(_route(r) for r in entry["routes"]),
        source=entry["source"],
    )


def _price(entry: Mapping[str, Any]) -> Price:
    tiers = sorted((int(side), parse_usd(str(usd))) for side, usd in entry.get("by_resolution", {}).items())
    read_on = entry["read_on"]
    if not isinstance(read_on, date):
        raise ConfigError(f"price.read_on is {read_on!r}; write a date like 2026-11-22")
    return Price(
        microusd_per_s=parse_usd(str(entry["usd_per_s"])),
        by_resolution=tuple(tiers),
        source=entry["source"],
        read_on=read_on,
    )


def _route(entry: Mapping[str, Any]) -> Route:
    return Route(
        provider=entry["provider"],
        upstream_model=entry["upstream_model"],
        life=Life(entry.get("life", "live")),
        retires_on=entry.get("retires_on"),
        free=bool(entry.get("free", False)),
    )


def _size(text: str) -> tuple[int, int]:
    if text == "any":
        return 0, 0
    width, _, height = text.partition("x")
    return int(width), int(height)
