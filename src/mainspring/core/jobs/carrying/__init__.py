"""Work carried to the workers by a broker instead of being looked for in the table (docs/decisions/0068)."""
