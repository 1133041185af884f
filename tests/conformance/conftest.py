"""The real servers that conformance suites run against."""

from fixtures.radosgw import radosgw as radosgw  # noqa: PLC0414 -- pytest finds fixtures by import
