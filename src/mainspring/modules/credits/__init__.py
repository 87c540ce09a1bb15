"""Credits: balances, transfers and deposits."""
