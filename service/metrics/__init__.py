"""`GET /metrics`: figures for Prometheus, of this process and of the whole service."""
