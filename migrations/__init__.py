"""Alembic's migrations, from an empty database to head."""
