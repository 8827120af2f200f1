"""How one of several upstreams, or of several models, is chosen."""

from enum import StrEnum
from typing import Final

from reelway.errors import InvalidRequest

AUTO: Final = "auto"


class Policy(StrEnum):
    """The first four say what is looked at; the rest name a use, for which models say that they are good."""

    ORDER = "order"  # as the operator and the catalogue list them
    CHEAPEST = "cheapest"  # by what this clip costs
    FASTEST = "fastest"  # by how long it took lately
    BEST = "best"  # by the rank that the catalogue gives
    PHOTOREAL = "photoreal"
    MOTION = "motion"
    NARRATIVE = "narrative"
    EDIT = "edit"
    PRODUCT = "product"
    STYLISED = "stylised"
    DRAFT = "fast-draft"

    @property
    def is_use(self) -> bool:
        """Whether it names a use."""
        return self not in (Policy.ORDER, Policy.CHEAPEST, Policy.FASTEST, Policy.BEST)


def parse_policy(text: str) -> Policy:
    """Raises InvalidRequest naming those there are."""
    try:
        return Policy(text.strip().lower())
    except ValueError:
        raise InvalidRequest(
            f"policy {text[:40]!r} is not known; there are {', '.join(Policy)}", param="policy"
        ) from None


def asks_auto(model: str) -> Policy | None:
    """For `auto` the policy ORDER, for `auto:cheapest` that one; None for a model's own name."""
    name, _, policy = model.strip().lower().partition(":")
    if name != AUTO:
        return None
    return parse_policy(policy) if policy else Policy.ORDER
