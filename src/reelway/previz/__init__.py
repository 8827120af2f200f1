"""The built-in engine: renders any prompt on the CPU, with no key and no network.

Importing this package is cheap: numba, numpy and PyAV are loaded by the child process alone.
"""

from reelway.previz.engine import Engine, RenderError, Report
from reelway.previz.order import Order

__all__ = ["Engine", "Order", "RenderError", "Report"]
