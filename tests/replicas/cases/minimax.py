"""MiniMax's API V2."""

from builders import a_spec
from reelway.errors import ProviderFault
from reelway.providers.base import CannotTell, Order
from replicas.case import Case
from replicas.minimax import MiniMax
from replicas.replica import KEY

CASES = (
    Case(
        name="minimax",
        provider="minimax",
        serve=MiniMax,
        table=lambda replica: {"base_url": replica.url, "key": KEY},
        order=Order(
            key="gen:1",
            spec=a_spec(width=1344, height=768, fps=24, frames=120, prompt="a red kite over the sea"),
            upstream_model="MiniMax-H3",
        ),
        states={
            "queued": "waiting",
            "running": "started",
            "succeeded": "done",
            "failed": ProviderFault.UNAVAILABLE,
            "cancelled": ProviderFault.UNAVAILABLE,
            "expired": ProviderFault.UNAVAILABLE,
        },
        stops=False,  # one that runs; tests/unit/providers/test_minimax.py stops one that waits
        lost=CannotTell,
        secrets=(KEY,),
        calls_back=True,
        probes="account",
    ),
)
