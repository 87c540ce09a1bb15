"""Points for loyal users."""
