"""One account of Replicate."""

from builders import a_spec
from reelway.errors import ProviderFault
from reelway.providers.base import CannotTell, Order
from replicas.case import Case
from replicas.replica import KEY, VENDORS_OWN, Trouble
from replicas.replicate import ReplicateApi

_SPEC = a_spec(width=1280, height=720, fps=24, frames=120, prompt="a red kite over the sea")

CASES = (
    Case(
        name="replicate",
        provider="replicate",
        serve=ReplicateApi,
        table=lambda replica: {"base_url": f"{replica.url}/v1", "key": KEY},
        order=Order(key="gen:1", spec=_SPEC, upstream_model="bytedance/seedance-2.0"),
        states={
            "starting": "waiting",
            "processing": "started",
            "succeeded": "done",
            "failed": ProviderFault.UNAVAILABLE,
            "canceled": ProviderFault.UNAVAILABLE,
            "aborted": ProviderFault.UNAVAILABLE,
        },
        stops=True,
        lost=CannotTell,
        troubles=VENDORS_OWN - {Trouble.REFUSED},  # a model refuses when it runs
        secrets=(KEY,),
        calls_back=True,
        signed=True,
        probes="model",
    ),
)
