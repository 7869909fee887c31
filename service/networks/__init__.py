"""Architectures: the layers that may be used, their arithmetic, and the presets."""
