"""Handheld: on the shoulder; slow sway and quick tremor, never a jolt, and no way gone."""

import math

from reelway.previz.camera.rig import Move, Rig


def sway(t: float) -> Rig:
    """Sums of sines that do not repeat within a clip; their mean is nothing."""
    return Rig(
        pan=0.0085 * math.sin(2.9 * t) + 0.0035 * math.sin(7.3 * t + 1.1) + 0.0012 * math.sin(17.9 * t + 0.4),
        tilt=0.0070 * math.sin(3.7 * t + 2.0) + 0.0030 * math.sin(8.9 * t + 0.3) + 0.0012 * math.sin(15.1 * t),
        roll=0.0060 * math.sin(2.3 * t + 0.7) + 0.0016 * math.sin(9.7 * t),
        right=0.0060 * math.sin(2.1 * t + 1.9),
        up=0.0045 * math.sin(4.3 * t),
    )


MOVE = Move(
    words="""handheld hand-held shaky shaky-cam shaky-camera shoulder-cam documentary-camera handkamera wackelig
        camera-a-l'epaule camara-en-mano camera-a-mano camera-na-mao 手持 手持ち""",
    verbs="shake wobble sway jitter tremble",
    ways={"": Rig()},
    sway=sway,
)
