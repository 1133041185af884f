"""One command of a connection: greet, or let git speak."""

from __future__ import annotations

import time
from typing import Final

import asyncssh
import structlog

from strata.core.errors import (
    BadCredentials,
    NotOffered,
    RepoNotFound,
    StrataError,
    TooMany,
    Unauthenticated,
)
from strata.lib.git import wire
from strata.ssh import commands, lfs
from strata.ssh.asking import Caller
from strata.ssh.commands import FETCH, LFS, PUSH
from strata.ssh.git import Conversation
from strata.ssh.guest import MOST_SESSIONS, Guest
from strata.ssh.streams import Gone, Streams

GREETED: Final = 0
FAILED: Final = 1
NOT_FOUND: Final = "Repository not found."
CROWDED: Final = f"At most {MOST_SESSIONS} commands run over one connection at once."
NO_SUBSYSTEM: Final = "There are no subsystems such as SFTP here: this server speaks git only."

log = structlog.get_logger("strata.ssh")


async def converse(channel: asyncssh.SSHServerProcess[bytes]) -> None:
    """Serve one command to its end."""
    guest = channel.get_extra_info("connection").get_owner()
    assert isinstance(guest, Guest)
    caller = guest.caller()
    streams = Streams(channel, caller.process.hub.settings.ssh.idle_s)
    started = time.perf_counter()
    structlog.contextvars.bind_contextvars(request_id=caller.origin.request_id)
    code = FAILED
    try:
        code = await _within(guest, caller, streams)
    except Gone:
        pass
    except Exception:
        log.exception("ssh command failed")
        streams.say(f"Something went wrong here. Tell the operator: {caller.origin.request_id}")
    finally:
        _log(channel, caller, code, time.perf_counter() - started)
        channel.exit(code)


async def _within(guest: Guest, caller: Caller, streams: Streams) -> int:
    if not guest.begin():
        streams.say(CROWDED)
        return FAILED
    try:
        return await _served(caller, streams)
    except StrataError as error:
        streams.say(*_told(error, caller))
        return FAILED
    finally:
        guest.finish()


async def _served(caller: Caller, streams: Streams) -> int:
    channel = streams.channel
    await caller.charge()
    if channel.subsystem:
        raise NotOffered(NO_SUBSYSTEM)
    if not channel.command:
        return await _greet(caller, streams)
    command = commands.parse(channel.command)
    if command.verb == LFS:
        return await lfs.authenticate(caller, streams, command.repo, command.operation)
    version = wire.protocol_version(channel.env.get("GIT_PROTOCOL"))
    talk = Conversation(caller, streams, command.repo, version)
    return await (talk.fetch() if command.verb == FETCH else talk.push())


async def _greet(caller: Caller, streams: Streams) -> int:
    """Say who the caller is here, as `ssh -T` asks."""
    name = await caller.ask(lambda call: call.actor.name)
    site = caller.process.hub.settings.site_name
    await streams.send(f"Hi {name or 'anonymous'}, welcome to {site}.\n".encode())
    return GREETED


def _told(error: StrataError, caller: Caller) -> list[str]:
    """What the person reads; whoever is unknown here learns no more than that a key is needed."""
    hidden = isinstance(error, RepoNotFound)
    lines = [NOT_FOUND if hidden else error.message]
    login = isinstance(error, Unauthenticated) and not isinstance(error, BadCredentials)
    if caller.anonymous and (hidden or login):
        keys_page = f"{caller.process.base_url}/settings/keys"
        lines = [
            "Repository not found, or it needs a login.",
            f"None of your SSH keys is known here. Add one at {keys_page}",
        ]
    if isinstance(error, TooMany):
        lines.append(f"Try again in {error.retry_after_s} s.")
    return lines


def _log(
    channel: asyncssh.SSHServerProcess[bytes], caller: Caller, code: int, seconds: float
) -> None:
    verb = (channel.command or "").split(" ")[0]
    log.info(
        "ssh",
        verb=verb if verb in (FETCH, PUSH, LFS) else "other",
        anonymous=caller.anonymous,
        ip=caller.origin.ip,
        key=caller.fingerprint or "",
        status=code,
        duration_ms=round(seconds * 1000, 2),
    )
