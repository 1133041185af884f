"""Structured logs on standard error: one event a line, secrets taken out before it is written."""

from __future__ import annotations

import sys
from collections.abc import Mapping, MutableMapping

import msgspec
import structlog
from structlog.typing import FilteringBoundLogger, Processor, WrappedLogger

from strata.lib.redaction import NEVER, REDACTED, clean_text

LEVELS: Mapping[str, int] = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure(*, log_format: str, level: str) -> None:
    """Set up logging for this process.

    Args:
        log_format: `json`, `console`, or `auto`: console when standard error is a terminal.
        level: least severe level that is written.
    """
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    renderer: Processor = (
        structlog.dev.ConsoleRenderer()
        if console
        else structlog.processors.JSONRenderer(serializer=_json)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            renderer,
        ],
        wrapper_class=_filtering(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _json(event: object, **_options: object) -> str:
    """Encode an event three times faster than the standard library does."""
    return msgspec.json.encode(event, enc_hook=repr).decode()


def redact(
    _logger: WrappedLogger, _method: str, event: MutableMapping[str, object]
) -> MutableMapping[str, object]:
    """Take secrets out of every text of an event, and what could look like another event."""
    for key, value in event.items():
        if key.lower() in NEVER:
            event[key] = REDACTED
        elif isinstance(value, str):
            cleaned = clean_text(value)
            event[key] = _indented(cleaned) if key == "exception" else _one_line(cleaned)
    return event


def _one_line(text: str) -> str:
    """The text with line ends, colours and other control characters written out."""
    if text.isprintable():
        return text
    return "".join(
        [one if one.isprintable() else one.encode("unicode_escape").decode() for one in text]
    )


def _indented(trace: str) -> str:
    """A trace has lines, none of which begins as an event does."""
    return "\n  | ".join(_one_line(line) for line in trace.splitlines())


def _filtering(level: str) -> type[FilteringBoundLogger]:
    return structlog.make_filtering_bound_logger(LEVELS[level])
