"""ByteDance's Seedance at ModelArk."""

from builders import a_spec
from reelway.errors import ProviderFault
from reelway.providers.base import CannotTell, Order
from replicas.ark import Ark
from replicas.case import Case
from replicas.replica import KEY

_SPEC = a_spec(width=1280, height=720, fps=24, frames=120, prompt="a red kite over the sea")

CASES = (
    Case(
        name="ark",
        provider="ark",
        serve=Ark,
        table=lambda replica: {"base_url": f"{replica.url}/api/v3", "key": KEY},
        order=Order(key="gen:1", spec=_SPEC, upstream_model="dreamina-seedance-2-5-260628"),
        states={
            "queued": "waiting",
            "running": "started",
            "succeeded": "done",
            "failed": ProviderFault.UNAVAILABLE,
            "cancelled": ProviderFault.UNAVAILABLE,
            "expired": ProviderFault.UNAVAILABLE,
        },
        stops=False,
        lost=CannotTell,
        secrets=(KEY,),
        calls_back=True,
        probes="account",
    ),
)
