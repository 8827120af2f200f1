"""What a clip costs: by the second or by the clip, dearer for some kinds of it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from math import ceil

from reelway.domain.generation import ClipSpec, Role
from reelway.domain.shapes import Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Another price for a kind of clip: exactly one of a second's and a whole clip's."""

    when: Shape
    microusd_per_s: int | None = None
    microusd: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """USD per second of clip, unless one of the tiers says otherwise: the first that holds."""

    microusd_per_s: int
    tiers: tuple[Tier, ...] = ()
    source: str
    read_on: date

    def of(self, spec: ClipSpec, roles: Collection[Role]) -> int:
        """Micro-dollars for this clip, rounded up."""
        for tier in self.tiers:
            if tier.when.holds(spec, roles):
                if tier.microusd is not None:
                    return tier.microusd
                return ceil((tier.microusd_per_s or 0) * spec.duration_s)
        return ceil(self.microusd_per_s * spec.duration_s)

    def times(self, factor: Fraction) -> "Price":
        """The same with every figure multiplied, rounded up."""
        return replace(
            self,
            microusd_per_s=ceil(self.microusd_per_s * factor),
            tiers=tuple(
                replace(
                    tier,
                    microusd_per_s=None if tier.microusd_per_s is None else ceil(tier.microusd_per_s * factor),
                    microusd=None if tier.microusd is None else ceil(tier.microusd * factor),
                )
                for tier in self.tiers
            ),
        )
