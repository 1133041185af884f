"""What stands above every page of a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from strata.access.gates.admit import admits
from strata.access.policy.verbs import Action
from strata.blobs.quota.room import Fullness, fullness
from strata.content.bucket.queries import Holding
from strata.content.bucket.record import Bucket
from strata.core.call import Call
from strata.repos.record import Repo
from strata.web.pages.frame.render import url_path
from strata.web.pages.repo.snippets import Snippet, pointed
from strata.web.pages.words.language import N_


@dataclass(frozen=True, slots=True)
class BucketHead:
    """The bucket as its pages show it."""

    repo: Repo
    holding: Holding
    home: str  # address
    manages: bool  # the viewer may change its settings
    usage: tuple[Snippet, ...]
    full: Fullness | None  # of the owner, for whoever may upload


def head_of(call: Call, bucket: Bucket) -> BucketHead:
    """Gather what the pages of a bucket have in common."""
    return BucketHead(
        repo=bucket.repo,
        holding=bucket.holding,
        home=url_path(bucket.repo.web_path),
        manages=admits(call, Action.MANAGE, bucket.repo),
        usage=tuple(_usage(bucket.repo, call.origin.base_url)),
        full=fullness(call, bucket.repo) if admits(call, Action.WRITE, bucket.repo) else None,
    )


def _usage(repo: Repo, base_url: str) -> Iterator[Snippet]:
    place = f"hf://buckets/{repo.full_name}"
    copies = f"hf buckets cp ./file.bin {place}/\nhf buckets sync ./folder {place}/folder"
    python = f'fs = HfFileSystem()\nfs.ls("{place}")'
    start = f'export HF_ENDPOINT="{base_url}"\n'
    yield Snippet(N_("Copy and synchronise with the command line"), start + copies, "bash")
    code = f"{pointed(base_url)}from huggingface_hub import HfFileSystem\n\n{python}"
    yield Snippet(N_("Read and write in Python"), code, "python")
