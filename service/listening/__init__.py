"""How several processes of the API share one address: each has its fair part of the connections."""
