"""Explanations: what the network saw, what spoke for its answer and what against, and what its layers make of a picture."""
