"""Databases of PostgreSQL are emptied, not made anew, for each test of this folder."""

from fixtures.recycled import postgres_hub_database, recycled_databases

__all__ = ["postgres_hub_database", "recycled_databases"]
