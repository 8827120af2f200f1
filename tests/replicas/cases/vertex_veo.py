"""Veo on Vertex AI with a bucket. Clips within the answer have no URL; tests/unit/providers has them."""

import json

from builders import a_spec
from reelway.errors import ProviderFault
from reelway.providers.base import CannotTell, Order
from replicas.case import Case
from replicas.replica import Replica
from replicas.vertex_veo import TOKEN, VertexVeo

_SPEC = a_spec(width=1280, height=720, fps=24, frames=96, prompt="a red kite over the sea")


def _table(replica: Replica) -> dict[str, object]:
    assert isinstance(replica, VertexVeo)
    return {
        "key": json.dumps(replica.account()),
        "base_url": f"{replica.url}/v1",
        "token_url": replica.token_url,
        "storage_url": replica.url,
        "storage_uri": "gs://clips/out",
    }


CASES = (
    Case(
        name="vertex_veo",
        provider="vertex_veo",
        serve=VertexVeo,
        table=_table,
        order=Order(key="gen:1", spec=_SPEC, upstream_model="veo-3.1-generate-001"),
        states={
            "no done": "started",
            "done false": "started",
            "videos": "done",
            "filtered": ProviderFault.REFUSED,
            "no videos": ProviderFault.REFUSED,
            "error": ProviderFault.UNAVAILABLE,
        },
        stops=False,
        lost=CannotTell,
        secrets=(TOKEN, "PRIVATE KEY"),
        probes="model",
    ),
)
