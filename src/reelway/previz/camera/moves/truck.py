"""Truck: sideways, looking straight on."""

from reelway.previz.camera.rig import Move, Rig

MOVE = Move(
    words="""truck-left truck-right trucking-left trucking-right trucks-left trucks-right trucking-shot truck-shot
        lateral-dolly lateral-tracking lateral-move dolly-left dolly-right slider-shot side-tracking slide-left
        slide-right crab-left crab-right crabs-left crabs-right crabbing-left crabbing-right crab-shot sideways-dolly
        travelling-lateral seitenfahrt""",
    verbs="truck slide",
    ways={"right": Rig(right=0.34), "left": Rig(right=-0.34)},
)
