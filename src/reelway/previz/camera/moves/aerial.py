"""Aerial: high up, and forward."""

from reelway.previz.camera.rig import Move, Rig

MOVE = Move(
    words="""aerial aerial-shot aerial-view drone drone-shot drone-footage drone-view drone-flight drone-flyover
        drone-flyby birds-eye birdseye bird's-eye bird-eye helicopter-shot flyover fly-by-shot flyby fpv
        luftaufnahme drohnenaufnahme vue-aerienne prise-de-vue-aerienne aerienne aereo aerea vista-aerea
        plano-aereo toma-aerea 航拍 鸟瞰 空撮 ドローン аэросъемк""",
    verbs="fly hover swoop soar",
    ways={"": Rig(ahead=0.45, up=-0.08)},
    stance=Rig(nearer=-0.55, up=0.85),
    rests=0.3,
)
