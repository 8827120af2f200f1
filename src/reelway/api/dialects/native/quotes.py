"""What it would cost, and taking it back: POST /v1/quotes and POST /v1/videos/{id}/cancel."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from reelway.api.auth import find_key, sign_in
from reelway.api.dialects.openai.form import read_fields
from reelway.api.dialects.openai.submission import canonical, own_names, understand
from reelway.api.dialects.openai.video import Renderer
from reelway.api.headers import allowance_headers
from reelway.api.problems import json_response
from reelway.api.services import Services
from reelway.domain.money import usd
from reelway.generations.create import Quote


class Quotes:
    """Before and after a create."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._renderer = Renderer(services)

    async def quote(self, request: Request) -> Response:
        """The body of a create; nothing is made, held or fetched."""
        services = self._services
        caller = await sign_in(services, request, find_key(request))
        sent = await read_fields(request, services.settings.body_bytes_max)
        with own_names():
            asked = understand(canonical(sent.values), services.catalogue)
            quote = await services.creator.quote(caller, asked)
        return json_response(_shown(quote), headers=allowance_headers(request))

    async def cancel(self, request: Request) -> Response:
        """200 when it is cancelled, 202 when it is on its way there."""
        caller = await sign_in(self._services, request, find_key(request))
        g = await self._services.queries.get(caller, request.path_params["id"])
        g = await self._services.canceller.cancel(caller, g)
        return self._renderer.respond(request, g, status=200 if g.ended else 202)


def _shown(quote: Quote) -> dict[str, Any]:
    plan, spec = quote.plan, quote.plan.spec
    return {
        "object": "quote",
        "model": spec.model,
        "price_usd": usd(plan.price_microusd),
        "price_microusd": plan.price_microusd,
        "list_price_usd": usd(plan.list_price_microusd),
        "list_price_microusd": plan.list_price_microusd,
        "purse": quote.purse,
        "available_usd": usd(quote.available_microusd),
        "available_microusd": quote.available_microusd,
        "affordable": quote.affordable,
        "served_by": plan.provider,
        "preview": plan.preview,
        "spec": {
            "mode": spec.mode,
            "size": spec.size,
            "seconds": f"{float(spec.duration_s):g}",
            "frames": spec.frames,
            "fps": spec.fps,
            "audio": spec.audio,
            "output_type": spec.output_type,
            "passes": spec.passes,
        },
    }
