"""The two APIs of Luma."""

from builders import a_spec
from reelway.errors import ProviderFault
from reelway.providers.base import CannotTell, Order
from replicas.case import Case
from replicas.luma import Luma
from replicas.replica import KEY, VENDORS_OWN, Trouble


def _case(profile: str, model: str, working: str, never: Trouble) -> Case:
    return Case(
        name=f"luma-{profile}",
        provider="luma",
        serve=lambda: Luma(profile),
        table=lambda replica: {"base_url": f"{replica.url}{Luma(profile).base}", "api": profile, "key": KEY},
        order=Order(
            key="gen:1",
            spec=a_spec(width=1280, height=720, frames=120, prompt="a red kite over the sea"),
            upstream_model=model,
        ),
        states={
            "queued": "waiting",
            working: "started",
            "completed": "done",
            "failed": ProviderFault.UNAVAILABLE,
        },
        stops=False,
        lost=CannotTell,
        troubles=VENDORS_OWN - {never},
        secrets=(KEY,),
        calls_back=profile == "dream_machine",
        probes="account",
    )


CASES = (
    _case("agents", "ray-3.2", "processing", Trouble.REFUSED),  # moderation fails the generation, never the request
    _case("dream_machine", "ray-2", "dreaming", Trouble.MODEL_GONE),  # a wrong model is one wrong field of many
)
