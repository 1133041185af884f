"""Pages about working on a repo without belonging to its namespace."""
