"""Pictures of explanations. Nothing here knows a database, a request or a network: arrays and words in, pictures out."""
