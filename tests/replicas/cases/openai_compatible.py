"""The four profiles of openai_compatible."""

from builders import a_spec
from reelway.errors import ProviderFault
from reelway.providers.base import Absent, CannotTell, Order
from replicas.case import Case
from replicas.openai_videos import OpenAIVideos
from replicas.replica import KEY, VENDORS_OWN, Replica, Trouble

_SPEC = a_spec(width=1280, height=720, fps=24, frames=96, prompt="a red kite over the sea")
_STATES = {
    "queued": "waiting",
    "in_progress": "started",
    "completed": "done",
    "failed": ProviderFault.UNAVAILABLE,
}
_NO_KEY = frozenset({Trouble.CREDENTIALS, Trouble.FUNDS})
_ENGINES_OWN = VENDORS_OWN - _NO_KEY - {Trouble.REFUSED}  # no moderation, nobody to pay


def _case(profile: str, **changes: object) -> Case:
    def table(replica: Replica) -> dict[str, object]:
        made: dict[str, object] = {"base_url": f"{replica.url}/v1", "profile": profile}
        return made if replica.key is None else made | {"key": replica.key}

    facts: dict[str, object] = {
        "name": f"openai_compatible-{profile}",
        "provider": "openai_compatible",
        "serve": lambda: OpenAIVideos(profile),
        "table": table,
        "order": Order(key="gen:1", spec=_SPEC, upstream_model="m"),
        "states": _STATES,
        "stops": False,
        "lost": CannotTell,
        "secrets": (KEY,),
        "probes": "model",
    }
    return Case(**(facts | changes))  # type: ignore[arg-type]


CASES = (
    _case("openai"),
    _case("litellm"),
    _case(
        "sglang",
        states={k: v for k, v in _STATES.items() if k != "in_progress"} | {"deleted": ProviderFault.UNAVAILABLE},
        lost=Absent,
        troubles=_ENGINES_OWN,
        key_header=None,
        probes="account",
    ),
    _case("vllm_omni", stops=True, lost=Absent, troubles=_ENGINES_OWN | {Trouble.CREDENTIALS}, probes="account"),
)
