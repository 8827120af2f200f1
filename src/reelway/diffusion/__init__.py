"""Clips by Hugging Face diffusers pipelines, in a process of its own.

Importing this package is cheap: torch, diffusers and PyAV are loaded by the child process alone.
"""

from reelway.diffusion.engine import Engine, EngineError, EngineLost
from reelway.diffusion.order import Order, Pipeline, Reason

__all__ = ["Engine", "EngineError", "EngineLost", "Order", "Pipeline", "Reason"]
