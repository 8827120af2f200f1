"""Dolly in: closer by a third of the way."""

from reelway.previz.camera.rig import Move, Rig

MOVE = Move(
    words="""dolly dolly-in dolly-forward dolly-shot dolly-toward push-in push-forward push-toward push-closer
        creep-in move-in track-in approaching-shot fly-in kamerafahrt travelling-avant travelling traveling
        carrellata 推镜头 ドリーイン""",
    verbs="push approach creep advance move travel glide close-in dolly inch ease go drift float",
    ways={"in": Rig(nearer=0.42)},
    elsewhere={
        "out": "pull",
        "left": "truck",
        "right": "truck",
        "past": "truck",
        "up": "crane",
        "down": "crane",
        "through": "through",
        "around": "orbit",
        "over": "aerial",
    },
    rests=0.25,
)
