"""From words to a shot."""

from reelway.previz.prompt.parse import parse

__all__ = ["parse"]
