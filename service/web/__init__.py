"""The page that people look at: static files, and nothing that the API does not offer to everybody."""
