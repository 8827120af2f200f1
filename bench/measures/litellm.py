"""The peer: LiteLLM's proxy on the same machine, before the same upstream, asked the same.

Installed only by `--only litellm`, into a virtual environment of its own under .cache; from then on a full run takes it
along. Both run in a network namespace with nothing but loopback. See bench/peer.py for what is asked.
"""

import os
from collections.abc import Iterable

from bench import litellm
from bench.context import Bench
from bench.figures import Figure
from bench.processes import run_json


def run(bench: Bench) -> Iterable[Figure]:
    """What bench.peer finds, if LiteLLM is there."""
    asked = "litellm" in bench.only
    if not asked and bench.scale.name != "full":
        bench.say("left out; --only litellm takes it in")
        return
    if not litellm.installed():
        if not asked:
            bench.say("not installed; `python -m bench --only litellm` installs it into .cache and measures it")
            return
        bench.say("installing LiteLLM into .cache")
        litellm.install()
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    payload = {"scale": bench.scale.name, "folder": str(bench.folder)}
    answer = run_json("bench.peer", payload, before=["unshare", *user, "--net"], timeout_s=1200)
    bench.log |= answer["log"]
    for figure in answer["figures"]:
        yield Figure(**figure)
