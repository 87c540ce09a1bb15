"""Several operations of the API in one transaction."""
