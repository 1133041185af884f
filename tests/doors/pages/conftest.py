"""The requests of these tests share one event loop."""

from fixtures.loops import one_loop

__all__ = ["one_loop"]
