"""A third-party provider package: the adapter in `adapter`, and a module for each of its two accounts."""
