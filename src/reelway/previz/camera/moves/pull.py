"""Dolly out: away, so that more is seen."""

from reelway.previz.camera.rig import Move, Rig

MOVE = Move(
    words="""dolly-out dolly-back dolly-away pull-out pull-back pull-away pullback pullout reveal-shot back-away
    track-out
        travelling-arriere 拉镜头 ドリーアウト""",
    verbs="pull retreat withdraw recede back",
    ways={"out": Rig(nearer=-0.42)},
    rests=0.75,
)
