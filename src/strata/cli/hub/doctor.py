"""`strata doctor`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from strata.blobs.quota.usage import misnoted, recount as recount_usage
from strata.blobs.soundness import unsound_objects
from strata.cli.opening import opened
from strata.cli.place import Place, place_options
from strata.cli.printing import json_option, listed
from strata.community.attachments.soundness import unsound_attachments
from strata.content.bucket.soundness import recount, unsound_buckets
from strata.content.soundness import unsound_history
from strata.core.call import Call, working
from strata.core.findings import UNSOUND, Check, Finding
from strata.events.audit.verify import unsound_log
from strata.events.soundness import failed_jobs
from strata.repos.soundness import reproject, unsound_refs
from strata.search.indexing.soundness import reindex, unsound_index
from strata.search.indexing.tag_counts import recount_tags, unsound_tags

CHECKS: tuple[Callable[[Call], Iterator[Finding]], ...] = (
    unsound_refs,
    unsound_history,
    unsound_buckets,
    unsound_index,
    unsound_tags,
    unsound_objects,
    unsound_attachments,
    misnoted,
    unsound_log,
    failed_jobs,
)


@click.command()
@click.option("--repair", is_flag=True, help="Rebuild what can be rebuilt.")
@json_option
@place_options
def doctor(data: Path | None, config: Path | None, *, repair: bool, as_json: bool) -> None:
    """Compare the tables, git and the object store; the hub may go on serving.

    Exit code 9 when something is wrong that was not repaired.
    """
    with opened(Place(data, config)) as call:
        rows = [
            {
                "check": finding.check.value,
                "place": finding.place,
                "problem": finding.problem,
                "repaired": repair and _repaired(call, finding),
            }
            for check in CHECKS
            for finding in check(call)
        ]
    wrong = sum(not row["repaired"] for row in rows)
    if rows or as_json:
        listed(rows, as_json=as_json)
    click.echo(
        f"{len(rows)} found, {len(rows) - wrong} repaired." if rows else "All is well.", err=True
    )
    sys.exit(UNSOUND if wrong else 0)


def _repaired(call: Call, finding: Finding) -> bool:
    """Rebuild what repeats git, or the files of a bucket; lost bytes need a backup and a person."""
    if finding.check is Check.USAGE and finding.owner_id is not None:
        with working(call) as work:
            recount_usage(work, finding.owner_id)
        return True
    if finding.check is Check.TAGS:
        with working(call) as work:
            recount_tags(work)  # all of them: the first finding repairs the others too
        return True
    if finding.repo_id is None:
        return False
    match finding.check:
        case Check.PROJECTION:
            reproject(call, finding.repo_id)
        case Check.INDEX:
            with working(call) as work:
                reindex(work, finding.repo_id)
        case Check.BUCKETS:
            with working(call) as work:
                recount(work, finding.repo_id)
        case _:
            return False
    return True
