"""Databases of PostgreSQL are emptied, not made anew, for each test; requests share one loop."""

from fixtures.loops import one_loop
from fixtures.recycled import postgres_hub_database, recycled_databases

__all__ = ["one_loop", "postgres_hub_database", "recycled_databases"]
