"""The camera: moves that add up to a timed path."""

from reelway.previz.camera.moves import MOVES
from reelway.previz.camera.operator import Operator
from reelway.previz.camera.path import View, camera_path

__all__ = ["MOVES", "Operator", "View", "camera_path"]
