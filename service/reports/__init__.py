"""Reports: what the test set said."""
