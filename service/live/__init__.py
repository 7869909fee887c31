"""`/v1/trainings/{id}/events`: what happens to a training, as it happens; one watcher a process, however many look."""
