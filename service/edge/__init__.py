"""Where HTTP meets the rest: problems, content types, who calls, and what hangs on the application."""
