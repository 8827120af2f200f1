"""Asking providers, without a server: is the key good, and is each model there? Costs nothing."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from reelway.catalogue.load import Catalogue
from reelway.domain.generation import Asset
from reelway.domain.models import ModelCard
from reelway.errors import ProviderError, ProviderFault
from reelway.kit.outbound import Outbound
from reelway.providers.base import CannotTell, Configured, Context, Provider
from reelway.settings import Settings


class Result(StrEnum):
    """What came of asking."""

    SERVES = "serves"
    KEY_GOOD = "key good"  # the provider tells nothing of its models
    CANNOT_TELL = "cannot tell"  # the provider has no way to ask that costs nothing
    NOT_ROUTED = "not routed"  # no model of the catalogue leads to it
    MODEL_GONE = "model gone"
    BAD_KEY = "bad key"
    NO_FUNDS = "no funds"
    UNREACHABLE = "unreachable"
    FAILED = "failed"


_OF_FAULT: Final = {
    ProviderFault.MODEL_GONE: Result.MODEL_GONE,
    ProviderFault.CREDENTIALS: Result.BAD_KEY,
    ProviderFault.FUNDS: Result.NO_FUNDS,
    ProviderFault.THROTTLED: Result.CANNOT_TELL,
    ProviderFault.UNAVAILABLE: Result.UNREACHABLE,
}
OPERATOR_MUST_ACT: Final = frozenset({Result.BAD_KEY, Result.NO_FUNDS, Result.UNREACHABLE, Result.FAILED})
# A provider that has this one tells nothing of its models; what else it says is about the account.
_NO_MODEL: Final = "nobody/has-this-model"
_OF_MODEL: Final = frozenset({Result.MODEL_GONE, Result.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """One upstream model of one provider, or the whole of it."""

    provider: str
    kind: str
    upstream_model: str  # empty: all of them
    models: tuple[str, ...]  # of the catalogue, that it serves
    successor: str | None
    result: Result
    detail: str


def upstream_models(one: Configured, catalogue: Catalogue) -> dict[str, list[ModelCard]]:
    """What the catalogue has routed to this provider today, and the models that each would serve."""
    today = datetime.now(UTC).date()
    found: dict[str, list[ModelCard]] = {}
    for card in catalogue.cards():
        for route in card.routes:
            if route.alive(today) and one.serves(route.provider):
                found.setdefault(route.upstream_model, []).append(card)
    return found


async def probe(
    providers: Iterable[Configured], settings: Settings, catalogue: Catalogue, *, models_max: int | None = None
) -> list[Probed]:
    """All providers at a time, each one model after the other, at most so many."""
    outbound = Outbound(allow_private=settings.allow_private, user_agent="Reelway")
    try:
        with TemporaryDirectory(prefix="reelway-") as folder:
            asked = []
            for one in providers:
                models = islice(upstream_models(one, catalogue).items(), models_max)
                asked.append(_probe(one, list(models), _context(one, outbound, Path(folder))))
            return [probed for each in await asyncio.gather(*asked) for probed in each]
    finally:
        await outbound.aclose()


async def _probe(one: Configured, models: Sequence[tuple[str, list[ModelCard]]], context: Context) -> list[Probed]:
    made = one.module.build(context)
    cards = [card for _, each in models for card in each]
    found = []
    try:
        result, detail = await _ask(made, _NO_MODEL)
        if result not in _OF_MODEL:
            return [_probed(one, "", cards, Result.KEY_GOOD if result is Result.SERVES else result, detail)]
        for model, each in models:
            result, detail = await _ask(made, model)
            found.append(_probed(one, model, each, result, detail))
            if result is Result.UNREACHABLE:  # it would take as long for each
                break
    finally:
        await made.aclose()
    return found or [_probed(one, "", [], Result.NOT_ROUTED, "no model of the catalogue leads to it")]


async def _ask(provider: Provider, model: str) -> tuple[Result, str]:
    try:
        outcome = await provider.probe(model)
    except ProviderError as error:
        return _OF_FAULT.get(error.fault, Result.FAILED), error.message
    except Exception as error:  # noqa: BLE001  a bug in one adapter is its own line; what it says may quote a key
        return Result.FAILED, f"{type(error).__name__}: report this as a bug"
    return (Result.CANNOT_TELL, "") if isinstance(outcome, CannotTell) else (Result.SERVES, outcome.note)


def _probed(one: Configured, model: str, cards: Sequence[ModelCard], result: Result, detail: str) -> Probed:
    return Probed(
        provider=one.name,
        kind=one.kind,
        upstream_model=model,
        models=tuple(card.id for card in cards),
        successor=next((card.successor for card in cards if card.successor), None),
        result=result,
        detail=detail,
    )


def _context(one: Configured, outbound: Outbound, folder: Path) -> Context:
    return Context(
        http=outbound,
        trusting=outbound.trusting,
        inputs=_NoInputs(),
        work_dir=folder,
        cache_dir=folder,
        settings=one.settings,
        find_provider=_no_provider,
    )


class _NoInputs:
    """A probe sends no files."""

    def at_hand(self, asset: Asset) -> AbstractAsyncContextManager[Path]:
        raise AssertionError("a probe takes no input")

    async def read(self, asset: Asset) -> bytes:
        raise AssertionError("a probe takes no input")


def _no_provider(name: str) -> Provider:
    raise AssertionError("a probe asks one provider")
