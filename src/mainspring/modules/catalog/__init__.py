"""Products: what is for sale, at which price."""
