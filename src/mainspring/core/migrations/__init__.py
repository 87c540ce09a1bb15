"""The tables of core itself; they migrate first, under the name `core`."""
