"""How much of everything there may be."""

from __future__ import annotations

from dataclasses import dataclass

from strata.core.settings.groups.setting import GIB, MIB, setting


@dataclass(frozen=True, slots=True)
class LimitsSettings:
    """Sizes that are refused before they cost anything."""

    max_file_bytes: int = setting(500 * GIB, "Largest file of any kind.", unit="bytes")
    regular_file_bytes: int = setting(
        10 * MIB, "Largest file kept in git itself; larger ones are LFS.", unit="bytes"
    )
    commit_body_bytes: int = setting(512 * MIB, "Largest body of a commit request.", unit="bytes")
    json_body_bytes: int = setting(
        16 * MIB, "Largest body of any other JSON request.", unit="bytes"
    )
    push_bytes: int = setting(5 * GIB, "Largest pack of one git push.", unit="bytes")
    posts_per_hour: int = setting(
        1000, "Discussions, comments, edits and reactions that one person may write in an hour."
    )
    attachment_bytes: int = setting(
        10 * MIB, "Largest picture or sound attached to a comment.", unit="bytes"
    )
    film_bytes: int = setting(50 * MIB, "Largest film attached to a comment.", unit="bytes")
    attachments_per_hour: int = setting(
        100, "Files that one person may attach to comments in an hour."
    )
    bucket_bytes: int = setting(
        1024 * 1024 * GIB, "What the files of one bucket may have together.", unit="bytes"
    )
    bucket_files: int = setting(
        100_000_000, "How many files one bucket may hold whose owner has no plan; 0: no limit."
    )


@dataclass(frozen=True, slots=True)
class RatesSettings:
    """Requests that one caller may make in five minutes, each kind counted apart."""

    enabled: bool = setting(
        default=True, doc="`false`: nobody is limited; only behind something else that limits."
    )
    api: int = setting(1_000, "API requests of an account.")
    resolvers: int = setting(5_000, "File requests (`/resolve/`) of an account.")
    pages: int = setting(200, "Pages that an account looks at.")
    git: int = setting(1_000, "Requests of git and git-lfs of an account.")
    ssh: int = setting(1_000, "Commands of an account over SSH.")
    anonymous_api: int = setting(500, "API requests of an address without an account.")
    anonymous_resolvers: int = setting(3_000, "File requests of an address without an account.")
    anonymous_pages: int = setting(100, "Pages for an address without an account.")
    anonymous_git: int = setting(300, "Requests of git of an address without an account.")
    anonymous_ssh: int = setting(200, "Commands over SSH of an address without an account.")
    transfers: int = setting(
        50_000, "Requests from an address for bytes behind links that the hub handed out."
    )
    token_failures: int = setting(
        100, "Wrong access tokens from one address in ten minutes before it is answered 429."
    )


@dataclass(frozen=True, slots=True)
class QuotasSettings:
    """What every person and organization may have that has no plan of their own; 0: no limit."""

    private_bytes: int = setting(
        20 * GIB, "Large files of the private repos of one owner, each once.", unit="bytes"
    )
    public_bytes: int = setting(
        100 * GIB, "Large files of the public repos of one owner, each once.", unit="bytes"
    )
    file_bytes: int = setting(50 * GIB, "One large file.", unit="bytes")
    repos: int = setting(500, "Repositories of one owner.")
    organizations: int = setting(5, "Organizations that one person administers.")
    members: int = setting(25, "Members of one organization.")
    repo_files: int = setting(100_000, "Files of one repository, at any of its revisions.")
    folder_files: int = setting(10_000, "Files and folders directly in one folder.")
