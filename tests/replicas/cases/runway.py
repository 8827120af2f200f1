"""Runway has one API; every model is an entry of the catalogue."""

from builders import a_spec
from reelway.errors import ProviderFault
from reelway.providers.base import CannotTell, Order
from replicas.case import Case
from replicas.replica import KEY, VENDORS_OWN, Trouble
from replicas.runway import Runway

CASES = (
    Case(
        name="runway",
        provider="runway",
        serve=Runway,
        table=lambda replica: {"base_url": replica.url, "key": KEY},
        order=Order(
            key="gen:1",
            spec=a_spec(width=1280, height=720, frames=120, prompt="a red kite over the sea"),
            upstream_model="gen4.5",
        ),
        states={
            "PENDING": "waiting",
            "THROTTLED": "waiting",
            "RUNNING": "started",
            "SUCCEEDED": "done",
            "FAILED": ProviderFault.UNAVAILABLE,
            "CANCELLED": ProviderFault.UNAVAILABLE,
        },
        stops=True,
        lost=CannotTell,
        troubles=VENDORS_OWN - {Trouble.REFUSED},  # moderation fails the task, never the request
        secrets=(KEY,),
        probes="account",
    ),
)
