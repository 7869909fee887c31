"""`?digits=many`: all digits on a picture, with where they are, in reading order."""
