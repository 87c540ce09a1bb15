"""Stock: how many of a product there are, and what changed it."""
