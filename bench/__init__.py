"""How fast Reelway is, beside what the same machine could do at most: `python -m bench`."""
