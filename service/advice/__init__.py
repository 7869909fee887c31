"""Advice: what the figures of a training say, in plain words, and one change to try."""
