"""Finding the subject of a picture with a small network whose weights come with the package (see NOTICE)."""

from reelway.previz.picture.matting.u2net import Map, stands_out

__all__ = ["Map", "stands_out"]
