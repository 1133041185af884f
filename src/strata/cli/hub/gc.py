"""`strata gc`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from strata.accounts.profile.soundness import sweep_pictures
from strata.blobs.sweeping import sweep
from strata.cli.opening import opened
from strata.cli.place import Place, place_options
from strata.cli.printing import json_option, listed
from strata.community.attachments.soundness import sweep_strays
from strata.credentials.oauth.making import logos


@click.command()
@click.option("--delete", is_flag=True, help="Remove it; without this only say what would go.")
@json_option
@place_options
def gc(data: Path | None, config: Path | None, *, delete: bool, as_json: bool) -> None:
    """Remove large files, chunks and leftovers that nothing needs; safe while the hub runs."""
    with opened(Place(data, config)) as call:
        report = sweep.sweep(call, delete=delete)
        attachments = sweep_strays(call, delete=delete)
        pictures = sweep_pictures(call, delete=delete) + logos.sweep(call, delete=delete)
    if as_json:
        counts = {"attachments": attachments, "pictures": pictures}
        listed([{**asdict(report), **counts}], as_json=True)
        return
    listed(_rows(report, attachments, pictures), as_json=False)
    for key in report.unreadable:
        click.echo(f"The history of repository {key} has a hole; it keeps all its files.", err=True)
    if not delete:
        click.echo("Nothing was removed. Run `strata gc --delete` to do it.", err=True)


def _rows(report: sweep.SweepReport, attachments: int, pictures: int) -> list[dict[str, object]]:
    return [
        {"what": "files no longer referred to", "count": report.claims, "bytes": None},
        {"what": "large files", "count": report.files, "bytes": report.file_bytes},
        {"what": "chunk bundles (xorbs)", "count": report.xorbs, "bytes": report.xorb_bytes},
        {"what": "stray objects", "count": report.strays, "bytes": None},
        {"what": "stray attachments", "count": attachments, "bytes": None},
        {"what": "stray pictures of accounts and applications", "count": pictures, "bytes": None},
        {"what": "unfinished uploads", "count": report.uploads, "bytes": None},
        {"what": "temporary files", "count": report.staging_files, "bytes": None},
        {"what": "folders of deleted repositories", "count": report.folders, "bytes": None},
    ]
