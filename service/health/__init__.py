"""Is it alive, can it do its work, and what is wrong if not."""
