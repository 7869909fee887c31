"""The registry: models, their versions and aliases."""
