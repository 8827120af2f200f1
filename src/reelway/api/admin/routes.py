"""`GET /admin/providers` and `GET /admin/report`."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from reelway.api.admin import schemas
from reelway.api.operator import require_operator
from reelway.api.problems import json_response
from reelway.api.services import Services
from reelway.api.surface.describe import Answer, Endpoint, Operation, parameter
from reelway.domain.money import usd
from reelway.errors import InvalidRequest
from reelway.generations.report import Money, report
from reelway.routing.budgets import limits
from reelway.routing.health import Circuit, Times

_DAYS: Final = 30
_OPERATOR: Final = "Needs the operator secret as bearer token."
PROVIDERS: Final = Operation(
    id="admin_providers",
    tag="operator",
    summary="How the providers are doing",
    description=_OPERATOR,
    answers={200: Answer(description="All of this server", model=schemas.ProviderList)},
    errors=(),
)
REPORT: Final = Operation(
    id="admin_report",
    tag="operator",
    summary="Price, cost and margin for each model and provider",
    description=f"{_OPERATOR} Of live generations that ended in those days, UTC.",
    parameters=(
        parameter("from", "query", "First day; default: 30 days ago", {"type": "string", "format": "date"}),
        parameter("to", "query", "Last day; default: today", {"type": "string", "format": "date"}),
    ),
    answers={200: Answer(description="The largest charge first", model=schemas.Report)},
    errors=(400,),
)


def routes(services: Services) -> list[BaseRoute]:
    """Everything under `/admin/`."""
    admin = Admin(services)
    return [
        Endpoint("GET", "/admin/providers", admin.providers, PROVIDERS),
        Endpoint("GET", "/admin/report", admin.report, REPORT),
    ]


class Admin:
    """The operator's questions."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def providers(self, request: Request) -> Response:
        """Limits, budgets, work and faults of each."""
        services = self._services
        require_operator(services, request)
        backlog = {b.lane: b for b in await services.db.scan(services.dispatch.backlog())}
        circuits = services.health.circuits()
        data = []
        for name in services.providers.names():
            facts, work = services.providers.facts(name), backlog.get(f"generation:{name}")
            spent = services.budgets.spent_microusd
            data.append(
                {
                    "name": name,
                    "object": "provider",
                    "kind": services.providers.kind(name),
                    "previews": facts.previews,
                    "weight": facts.weight,
                    "in_flight_max": facts.in_flight_max,
                    "submits_per_minute": facts.submits_per_minute,
                    "waiting": 0 if work is None else work.waiting,
                    "running": 0 if work is None else work.running,
                    "budgets": [
                        {
                            "period": limit.period,
                            "usd": usd(limit.microusd),
                            "spent_usd": usd(spent(name, limit.period)),
                        }
                        for limit in limits(facts, services.clock.now_ms())
                    ],
                    "failing": [_failing(c) for c in circuits if c.provider == name],
                    "took_lately": [_took(*one) for one in services.health.times_of(name).items()],
                }
            )
        return json_response({"object": "list", "data": data})

    async def report(self, request: Request) -> Response:
        """Money of a span of days."""
        services = self._services
        require_operator(services, request)
        today = datetime.fromtimestamp(services.clock.now_ms() / 1000, UTC).date()
        first = _day(request, "from", today - timedelta(days=_DAYS))
        last = _day(request, "to", today)
        lines = await services.db.scan(report(_ms(first), _ms(last + timedelta(days=1))))
        settings = services.settings
        money = Money(settings.currency, settings.currency_per_usd)
        body = {"object": "report", "from": first, "to": last, "currency": money.currency}
        return json_response(body | {"data": [money.line(line) for line in lines], "total": money.total(lines)})


def _took(upstream_model: str, times: Times) -> dict[str, Any]:
    return {"upstream_model": upstream_model, "seconds": round(times.seconds, 1), "clips": times.clips}


def _failing(circuit: Circuit) -> dict[str, Any]:
    return {
        "upstream_model": circuit.upstream_model or None,
        "fault": circuit.fault,
        "message": circuit.message,
        "since": circuit.opened_at // 1000,
        "tried_again_at": circuit.open_until // 1000,
        "needs_operator": circuit.needs_operator,
    }


def _day(request: Request, name: str, default: date) -> date:
    text = request.query_params.get(name)
    if not text:
        return default
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"{name} {text[:40]!r} is not a day like 2026-11-23", param=name) from None


def _ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
