"""ComfyUI as it comes, and behind a proxy that asks for a key."""

from pathlib import Path

from builders import a_spec
from reelway.errors import ProviderFault
from reelway.providers.base import Found, Order
from replicas.case import Case
from replicas.comfyui import ComfyUI
from replicas.replica import KEY, Replica, Trouble

EXAMPLES = Path(__file__).parents[3] / "docs" / "providers" / "comfyui"
BINDINGS = {
    "prompt": "4.text",
    "negative_prompt": "5.text",
    "seed": "8.seed",
    "width": "6.width",
    "height": "6.height",
    "frames": "6.length",
    "fps": "10.fps",
}
MODELS = {
    "wan2.2-5b": {"workflow": str(EXAMPLES / "wan2.2-5b-text-to-video.json"), "bindings": BINDINGS},
    "wan2.2-5b/image-to-video": {
        "workflow": str(EXAMPLES / "wan2.2-5b-image-to-video.json"),
        "bindings": BINDINGS | {"first_frame": "12.image"},
    },
    "wan2.1-vace-14b": {
        "workflow": str(EXAMPLES / "wan2.1-vace-14b-control-video.json"),
        "bindings": BINDINGS | {"control_video": "12.file"},
    },
}
_SPEC = a_spec(width=1280, height=704, fps=24, frames=120, prompt="a red kite over the sea")
_STATES = {
    "pending": "waiting",
    "running": "started",
    "success": "done",
    "error": ProviderFault.UNAVAILABLE,
    "interrupted": ProviderFault.UNAVAILABLE,
}


def _case(name: str, key: str | None) -> Case:
    def table(replica: Replica) -> dict[str, object]:
        made: dict[str, object] = {"base_url": replica.url, "models": MODELS}
        return made if replica.key is None else made | {"key": replica.key}

    own = {Trouble.REJECTED, Trouble.MODEL_GONE}
    return Case(
        name=name,
        provider="comfyui",
        serve=lambda: ComfyUI(key=key),
        table=table,
        order=Order(key="gen:1", spec=_SPEC, upstream_model="wan2.2-5b"),
        states=_STATES,  # type: ignore[arg-type]
        stops=True,
        lost=Found,
        troubles=frozenset(own if key is None else own | {Trouble.CREDENTIALS}),
        key_header=None if key is None else "authorization",
        secrets=() if key is None else (key,),
        probes="model",
    )


CASES = (_case("comfyui", None), _case("comfyui-behind-a-proxy", KEY))
