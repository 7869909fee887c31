"""What the network sees, and the data that both sides share. Never imports keras or tensorflow."""
