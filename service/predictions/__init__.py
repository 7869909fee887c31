"""Predictions, by the API process itself."""
