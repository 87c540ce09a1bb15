"""Reading the trail of changes that core writes."""
