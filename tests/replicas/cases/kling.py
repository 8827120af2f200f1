"""Kling: the new API, and the legacy one with either way to sign in."""

from builders import a_spec
from reelway.errors import ProviderFault
from reelway.providers.base import Found, Order
from replicas.case import Case
from replicas.kling import ACCESS_KEY, SECRET_KEY, WEBHOOK_SECRET, Kling
from replicas.replica import KEY, Replica

_SPEC = a_spec(width=1280, height=720, fps=24, frames=120, prompt="a red kite over the sea")
_STATES = {"submitted": "waiting", "processing": "started", "failed": ProviderFault.UNAVAILABLE}


def _case(name: str, *, secret: str, done: str, **table: object) -> Case:
    def here(replica: Replica) -> dict[str, object]:
        return {"base_url": replica.url} | table

    return Case(
        name=name,
        provider="kling",
        serve=Kling,
        table=here,
        order=Order(key="gen:1", spec=_SPEC, upstream_model="kling-3.0"),
        states=_STATES | {done: "done"},  # type: ignore[arg-type]
        stops=False,
        lost=Found,
        secrets=(secret, *([WEBHOOK_SECRET] if "webhook_secret" in table else [])),
        calls_back="webhook_secret" in table,
        signed="webhook_secret" in table,
        probes="account",
    )


CASES = (
    _case("kling", secret=KEY, done="succeeded", key=KEY, webhook_secret=WEBHOOK_SECRET),
    _case("kling-unsigned", secret=KEY, done="succeeded", key=KEY),
    _case("kling-legacy", secret=KEY, done="succeed", key=KEY, api="legacy", webhook_secret=WEBHOOK_SECRET),
    _case(
        "kling-legacy-pair",
        secret=SECRET_KEY,
        done="succeed",
        api="legacy",
        access_key=ACCESS_KEY,
        secret_key=SECRET_KEY,
    ),
)
