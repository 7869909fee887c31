"""`/v1/batch-predictions`: many pictures at once, answered by the workers. docs/batches.md."""
