"""What else a user would pick, each the best way its makers show."""
