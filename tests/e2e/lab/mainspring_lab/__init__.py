"""A module for trials of the server: a stream without an end, and a read that takes its time."""
