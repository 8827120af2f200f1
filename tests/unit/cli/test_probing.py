"""What a check makes of each answer, and how little it asks."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import settings_for
from reelway.catalogue.load import load
from reelway.cli.probing import OPERATOR_MUST_ACT, Result, probe
from reelway.errors import ProviderError, ProviderFault
from reelway.providers.base import CannotTell, Configured, Context, ProbeOutcome, Provider, Serves
from reelway.providers.configured import configure
from replicas.kling import Kling
from replicas.replica import KEY


class Answering(Provider):
    """Says the same of every model but those in `of_model`."""

    def __init__(self, account: object, of_model: dict[str, object]) -> None:
        self.asked: list[str] = []
        self.closed = False
        self._account = account
        self._of_model = of_model

    async def probe(self, upstream_model: str) -> ProbeOutcome:
        self.asked.append(upstream_model)
        said = self._of_model.get(upstream_model, self._account)
        if isinstance(said, Exception):
            raise said
        assert isinstance(said, Serves | CannotTell)
        return said

    async def aclose(self) -> None:
        self.closed = True


def kling(**changes: Any) -> Configured:
    one = configure({"kling": {"key": KEY}}, {})["kling"]
    return replace(one, **changes)


async def results(answering: Answering, tmp_path: Path, models_max: int | None = None) -> list[tuple[str, Result, str]]:
    class Module:
        FACTS = kling().facts

        def build(self, context: Context) -> Provider:
            return answering

    found = await probe([kling(module=Module())], settings_for(tmp_path), load(), models_max=models_max)
    assert answering.closed
    return [(p.upstream_model, p.result, p.detail) for p in found]


def fault(fault: ProviderFault) -> ProviderError:
    return ProviderError(fault, "it says so")


@pytest.mark.parametrize(
    ("said", "result", "detail"),
    [
        (Serves("12 USD left"), Result.KEY_GOOD, "12 USD left"),
        (CannotTell(), Result.CANNOT_TELL, ""),
        (fault(ProviderFault.CREDENTIALS), Result.BAD_KEY, "it says so"),
        (fault(ProviderFault.FUNDS), Result.NO_FUNDS, "it says so"),
        (fault(ProviderFault.UNAVAILABLE), Result.UNREACHABLE, "it says so"),
        (fault(ProviderFault.THROTTLED), Result.CANNOT_TELL, "it says so"),
    ],
)
async def test_what_is_true_of_the_account_is_asked_once(
    said: object, result: Result, detail: str, tmp_path: Path
) -> None:
    answering = Answering(said, {})
    assert await results(answering, tmp_path) == [("", result, detail)]
    assert len(answering.asked) == 1


async def test_each_model_is_asked_for_where_the_provider_knows_its_models(tmp_path: Path) -> None:
    gone, broken = fault(ProviderFault.MODEL_GONE), fault(ProviderFault.UNREADABLE)
    answering = Answering(gone, {"kling-3.0": Serves(), "kling-2.6": broken})
    found = {model: result for model, result, _ in await results(answering, tmp_path)}
    assert (found["kling-3.0"], found["kling-2.6"]) == (Result.SERVES, Result.FAILED)
    assert {result for model, result in found.items() if model not in ("kling-3.0", "kling-2.6")} == {Result.MODEL_GONE}
    assert answering.asked[1:] == list(found)


async def test_one_model_is_enough_to_try_a_key(tmp_path: Path) -> None:
    answering = Answering(fault(ProviderFault.MODEL_GONE), {})
    assert len(await results(answering, tmp_path, models_max=1)) == 1


async def test_a_bug_in_an_adapter_is_one_line_without_what_it_quotes(tmp_path: Path) -> None:
    answering = Answering(ValueError(f"bad header {KEY}"), {})
    found = await results(answering, tmp_path)
    assert {result for _, result, _ in found} == {Result.FAILED} <= OPERATOR_MUST_ACT
    assert KEY not in str(found)


async def test_a_real_account_that_tells_nothing_of_its_models(tmp_path: Path) -> None:
    async with Kling().serving() as replica:
        one = configure({"kling": {"key": KEY, "base_url": replica.url}}, {})["kling"]
        [found] = await probe([one], settings_for(tmp_path), load())
        assert (found.result, found.upstream_model) == (Result.KEY_GOOD, "")
        assert "kling-2.6" in found.models
        assert len(replica.seen) == 1
        replica.key = "another-key-that-we-do-not-have"
        [found] = await probe([one], settings_for(tmp_path), load())
        assert found.result is Result.BAD_KEY
