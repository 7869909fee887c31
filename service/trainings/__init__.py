"""Trainings: submitted, watched, cancelled, deleted."""
