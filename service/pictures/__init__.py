"""Pictures: frozen dataclasses in, bytes out. Knows no database and no HTTP."""
