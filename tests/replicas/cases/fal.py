"""fal's queue, with the model whose job has not the address of its endpoint."""

from builders import a_spec
from reelway.providers.base import CannotTell, Order
from replicas.case import Case
from replicas.fal import FalQueue
from replicas.replica import KEY

_SPEC = a_spec(width=1280, height=720, fps=24, frames=120, prompt="a red kite over the sea")

CASES = (
    Case(
        name="fal",
        provider="fal",
        serve=FalQueue,
        table=lambda replica: {
            "base_url": replica.url,
            "platform_url": f"{replica.url}/platform/v1",
            "webhook_keys_url": f"{replica.url}/.well-known/jwks.json",
            "key": KEY,
        },
        order=Order(key="gen:1", spec=_SPEC, upstream_model="fal-ai/kling-video/v3"),
        # A failure is no state of its own; tests/unit/providers/test_fal.py has them.
        states={"IN_QUEUE": "waiting", "IN_PROGRESS": "started", "COMPLETED": "done"},
        stops=False,
        lost=CannotTell,
        secrets=(KEY,),
        calls_back=True,
        signed=True,
        probes="model",
    ),
)
