"""What is kept how long, and what removes the rest: `cyfra prune`. docs/retention.md has it as a table."""
