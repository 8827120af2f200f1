"""Gemini Omni within one request, and in the background."""

from builders import a_spec
from reelway.errors import ProviderFault
from reelway.providers.base import CannotTell, Order
from replicas.case import Case
from replicas.gemini_omni import GeminiOmni
from replicas.replica import KEY, Replica

_SPEC = a_spec(width=1280, height=720, fps=24, frames=96, prompt="a red kite over the sea")


def _case(name: str, **changes: object) -> Case:
    def table(replica: Replica) -> dict[str, object]:
        return {"base_url": f"{replica.url}/v1beta", "key": replica.key, "background": name == "background"}

    facts: dict[str, object] = {
        "name": f"gemini_omni-{name}",
        "provider": "gemini_omni",
        "serve": GeminiOmni,
        "table": table,
        "order": Order(key="gen:1", spec=_SPEC, upstream_model="gemini-omni-1.1-flash"),
        "lost": CannotTell,
        "key_header": "x-goog-api-key",
        "probes": "model",
        "secrets": (KEY,),
    }
    return Case(**(facts | changes))  # type: ignore[arg-type]


CASES = (
    # The interaction is finished when it is answered; what is left to wait for is its file.
    _case(
        "sync",
        states={"PROCESSING": "started", "ACTIVE": "done", "FAILED": ProviderFault.UNAVAILABLE},
        stops=False,
    ),
    _case(
        "background",
        states={
            "queued": "waiting",
            "in_progress": "started",
            "requires_continuation": "started",
            "completed": "done",
            "PROCESSING": "started",
            "ACTIVE": "done",
            "FAILED": ProviderFault.UNAVAILABLE,
            "failed": ProviderFault.UNAVAILABLE,
            "incomplete": ProviderFault.UNAVAILABLE,
            "budget_exceeded": ProviderFault.UNAVAILABLE,
            "requires_action": ProviderFault.UNAVAILABLE,
            "cancelled": ProviderFault.UNAVAILABLE,
        },
        stops=True,
        calls_back=True,
        signed=True,
    ),
)
