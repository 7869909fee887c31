"""Data sets: what there is to train on, and how it looks."""
