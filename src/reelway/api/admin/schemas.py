"""What `/admin/` answers."""

from typing import Literal

from pydantic import BaseModel, Field


class Budget(BaseModel):
    """Of a day or a month, UTC."""

    period: str = Field(description="Like `2026-11-23` or `2026-11`")
    usd: str
    spent_usd: str


class Failing(BaseModel):
    """An upstream to which nothing is sent."""

    upstream_model: str | None = Field(description="null: the whole provider, its key or its funds")
    fault: str
    message: str
    since: int
    tried_again_at: int
    needs_operator: bool = Field(description="It does not mend itself")


class TookLately(BaseModel):
    """How long an upstream takes."""

    upstream_model: str
    seconds: float
    clips: int


class ProviderInfo(BaseModel):
    """One provider of this server."""

    name: str
    object: Literal["provider"]
    kind: str
    previews: bool
    weight: float
    in_flight_max: int
    submits_per_minute: int | None
    waiting: int
    running: int
    budgets: list[Budget]
    failing: list[Failing]
    took_lately: list[TookLately]


class ProviderList(BaseModel):
    """All of this server."""

    object: Literal["list"]
    data: list[ProviderInfo]


class Sums(BaseModel):
    """Amounts are in the report's currency."""

    generations: int
    succeeded: int
    charged: str
    cost: str = Field(description="The provider's own figure where it gives one, else what was expected")
    margin: str
    margin_percent: float | None
    costs_told: int = Field(description="Generations whose cost the provider told")


class ReportLine(Sums):
    """One model at one upstream."""

    model: str
    provider: str
    upstream_model: str


class Report(BaseModel):
    """Of those days."""

    object: Literal["report"]
    from_: str = Field(alias="from")
    to: str
    currency: str
    data: list[ReportLine]
    total: Sums
