"""What the settings say about routing, checked against the catalogue and the providers before the server starts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from reelway.catalogue.load import Catalogue
from reelway.domain.models import Substitution
from reelway.errors import ConfigError, InvalidRequest
from reelway.routing.policies import Policy, parse_policy
from reelway.settings import Settings

_KEYS: Final = ("routing_policy", "providers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How to choose, and what may stand in, where a request says nothing."""

    policy: Policy
    policy_of: Mapping[str, Policy]  # by model
    providers_of: Mapping[str, tuple[str, ...]]  # by model: the only ones, first choice first
    substitution: Substitution


def wishes(settings: Settings, catalogue: Catalogue, providers: Collection[str]) -> Wishes:
    """Raises ConfigError naming the setting, the value and what is allowed."""
    policy_of, providers_of = {}, {}
    for model, table in settings.models.items():
        card = catalogue.get(model)
        if card is None:
            near = get_close_matches(model, [c.id for c in catalogue.cards()], n=1)
            hint = f"did you mean {near[0]}?" if near else "`reelway models` lists them"
            raise ConfigError(f"[models.{model}]: no such model; {hint}")
        if unknown := table.keys() - set(_KEYS):
            raise ConfigError(f"[models.{model}]: there is no key {sorted(unknown)[0]!r}; there are {', '.join(_KEYS)}")
        if "routing_policy" in table:
            policy_of[card.id] = _policy(f"[models.{model}] routing_policy", table["routing_policy"])
        if "providers" in table:
            providers_of[card.id] = _providers(f"[models.{model}] providers", table["providers"], providers)
    return Wishes(
        policy=_policy("routing_policy", settings.routing_policy),
        policy_of=policy_of,
        providers_of=providers_of,
        substitution=Substitution(settings.substitution),
    )


def _policy(where: str, text: Any) -> Policy:
    try:
        policy = parse_policy(str(text))
    except InvalidRequest as error:
        raise ConfigError(f"{where}: {error.message}") from None
    if policy.is_use:
        raise ConfigError(
            f"{where}: {policy} is a use, for `auto` to choose a model by; use order, cheapest or fastest"
        )
    return policy


def _providers(where: str, names: Any, there_are: Collection[str]) -> tuple[str, ...]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigError(f'{where}: {names!r} is not a list of names, like ["kling", "previz"]')
    for name in names:
        if name not in there_are:
            raise ConfigError(f"{where}: no provider {name!r}; there are {', '.join(sorted(there_are))}")
    return tuple(names)
