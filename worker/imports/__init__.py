"""Data sets that people have sent, imported: claimed as trainings are, fenced as they are, in the same child process."""
