"""OpenRouter."""

from builders import a_spec
from reelway.errors import ProviderFault
from reelway.providers.base import CannotTell, Order
from replicas.case import Case
from replicas.openrouter import WEBHOOK_SECRET, OpenRouter
from replicas.replica import KEY

_SPEC = a_spec(width=1280, height=720, fps=24, frames=120, prompt="a red kite over the sea")

CASES = (
    Case(
        name="openrouter",
        provider="openrouter",
        serve=OpenRouter,
        table=lambda replica: {"base_url": f"{replica.url}/api/v1", "key": KEY, "webhook_secret": WEBHOOK_SECRET},
        order=Order(key="gen:1", spec=_SPEC, upstream_model="bytedance/seedance-2.5"),
        states={
            "pending": "waiting",
            "in_progress": "started",
            "completed": "done",
            "failed": ProviderFault.UNAVAILABLE,
            "dead": ProviderFault.UNAVAILABLE,
            "cancelled": ProviderFault.UNAVAILABLE,
            "expired": ProviderFault.UNAVAILABLE,
        },
        stops=False,
        lost=CannotTell,
        secrets=(KEY, WEBHOOK_SECRET),
        calls_back=True,
        signed=True,
        probes="model",
    ),
)
