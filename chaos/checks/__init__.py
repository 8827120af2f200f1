"""Each file compares two or three of the records; none of them knows how they came about."""
