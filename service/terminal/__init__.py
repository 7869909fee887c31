"""What a person at a terminal sees: the client commands, the commands that run the service, and the demo."""
