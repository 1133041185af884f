"""Who works on a single repo without belonging to its namespace."""
