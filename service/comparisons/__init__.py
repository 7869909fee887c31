"""Comparisons: what one training got right and another wrong, and whether that can be chance."""
