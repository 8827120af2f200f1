"""Reelway: one REST API and one key for every video model, on your own machines."""

__version__ = "0.1.0"
