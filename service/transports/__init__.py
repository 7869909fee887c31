"""What carries a ring from the API to a worker; kombu imports the one that it is told, by its name."""
