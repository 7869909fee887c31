"""Labelled sets: pictures with their classes, read once from wherever they come, then mapped into memory.

The API shows samples of them and a worker trains on them; both open the same files.
"""
