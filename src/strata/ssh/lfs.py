"""`git-lfs-authenticate`: where large files travel, and what opens that for a while."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from strata.blobs.lfs import grants
from strata.core.call import Call
from strata.core.names import RepoId
from strata.ssh.asking import Caller, anywhere
from strata.ssh.streams import Streams


class Authenticated(msgspec.Struct):
    """The answer that git-lfs reads."""

    href: str
    header: dict[str, str]
    expires_in: int  # seconds
    expires_at: str


async def authenticate(caller: Caller, streams: Streams, repo_id: RepoId, operation: str) -> int:
    """Serve `git-lfs-authenticate`; the exit code.

    Raises:
        StrataError: the caller may not do this with the large files of this repo.
        Gone: the client.
    """
    wanted = grants.operation_of(operation)

    def act(call: Call, settled: RepoId) -> Authenticated:
        repo, credential = grants.issue(call, settled, wanted)
        lifetime = call.hub.settings.lfs.link_lifetime_s
        expires = (call.now + timedelta(seconds=lifetime)).replace(microsecond=0)
        return Authenticated(
            href=f"{call.origin.base_url}{repo.web_path}.git/info/lfs",
            header={"Authorization": f"RemoteAuth {credential}"},
            expires_in=lifetime,
            expires_at=expires.isoformat().replace("+00:00", "Z"),
        )

    answer = await caller.ask(anywhere(act, repo_id))
    await streams.send(msgspec.json.encode(answer) + b"\n")
    return 0
