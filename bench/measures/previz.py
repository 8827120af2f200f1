"""The built-in engine: wall seconds for a second of clip at 1280x720, beside the encoder alone on the same pictures.

Kernels are warm: the engine's cache is filled first (a minute or two, once, and not counted), and each prompt is drawn
once in miniature, as a process compiles nothing but loads its kernels at first use. The encoder alone is the engine's
own Encoder, fed the very pictures of the finished clip from memory: no renderer could be faster than that.
"""

from collections.abc import Iterable
from statistics import median

from bench import machine
from bench.context import Bench
from bench.figures import Budget, Figure
from bench.processes import HERE, run_json

PROMPTS = (
    "a red sports car on a coast road at sunset",
    "a rubber duck on a misty river in the morning",
    "an astronaut walks on mars",
    "a futuristic city at dusk, slow aerial shot, rain",
    "snowy mountains, drone flight, golden hour",
    "a man in a trench coat walks down a rainy neon alley at night",
    "a dog runs through a forest",
    "a sailing boat on a stormy sea",
    "a spaceship in space",
    "a robot in a cosy room",
    "a horse gallops over a field",
    "a person walks to a castle",
    "fish under water",
    "a motorbike on a wet city street at night",
)
_TYPICAL_S = 4.0  # a second: 20 s for 5 s of clip
_WORST_S = 6.0  # 30 s for 5 s of clip


def run(bench: Bench) -> Iterable[Figure]:
    """Typical, worst, encoder, memory."""
    scale = bench.scale
    bench.say("previz (the first run ever compiles for a minute or two)")
    folder = bench.folder / "previz"
    folder.mkdir()
    answer = run_json(
        "bench.render",
        {
            "prompts": list(PROMPTS[: scale.previz_prompts]),
            "seconds": scale.previz_s,
            "size": list(scale.previz_size),
            "folder": str(folder),
            "cache": str(HERE.parent / ".cache" / "previz"),
        },
        timeout_s=1800,
    )
    bench.log["previz"] = answer["clips"]
    per_s = [clip["render_s"] / scale.previz_s for clip in answer["clips"]]
    encode = median(clip["encode_s"] / scale.previz_s for clip in answer["clips"])
    width, height = scale.previz_size
    what = f"previz, {scale.previz_s} s of {width}x{height}"
    yield Figure(
        measure=f"{what}, typical",
        value=median(per_s),
        unit="s/clip s",
        limit=encode,
        limit_is="encoder alone",
        budget=Budget(sense="<", value=_TYPICAL_S),
        note=f"{len(per_s)} prompts, {machine.describe()['cpu']}",
    )
    yield Figure(
        measure=f"{what}, worst prompt",
        value=max(per_s),
        unit="s/clip s",
        limit=encode,
        limit_is="encoder alone",
        budget=Budget(sense="<", value=_WORST_S),
    )
    for clip in answer["clips"]:
        yield Figure(
            measure=f"{what}: {clip['prompt']}",
            value=clip["render_s"] / scale.previz_s,
            unit="s/clip s",
            limit=clip["encode_s"] / scale.previz_s,
            limit_is="encoder alone",
        )
    yield Figure(
        measure="previz, first clip of a new process",
        value=answer["first_s"],
        unit="s",
        note=f"starts the process and loads the kernels, to draw a small clip; at least"
        f" {min(clip['updates'] for clip in answer['clips'])} progress reports in a full clip",
    )
    yield Figure(measure="memory of previz at its largest", value=answer["peak_rss_mb"], unit="MB")
