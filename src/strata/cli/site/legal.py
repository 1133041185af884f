"""`strata legal …`."""

from __future__ import annotations

from pathlib import Path

import click

from strata.accounts.legal import documents, publishing
from strata.accounts.legal.kinds import DocumentKind
from strata.cli.opening import opened
from strata.cli.place import Place, place_options
from strata.cli.printing import json_option, listed
from strata.core.call import working


@click.group()
def legal() -> None:
    """Publish the documents that people agree to."""


@legal.command()
@click.argument("document", type=click.Choice([kind.value for kind in DocumentKind]))
@click.option("--version", required=True, help="Told to people, such as 2026-11.")
@click.option("--en", "english", required=True, type=click.Path(exists=True, path_type=Path),
              help="Markdown file in English; its first line is the heading.")  # fmt: skip
@click.option("--zh", "chinese", required=True, type=click.Path(exists=True, path_type=Path),
              help="The same in Simplified Chinese.")  # fmt: skip
@click.option("--minor", is_flag=True, help="Only the wording changed: ask nobody anew.")
@place_options
def publish(  # noqa: PLR0913 — the options of the command
    document: str,
    version: str,
    english: Path,
    chinese: Path,
    data: Path | None,
    config: Path | None,
    *,
    minor: bool,
) -> None:
    """Let another version of a document hold; everybody is asked to agree anew."""
    texts = {"en": english.read_text("utf-8"), "zh-CN": chinese.read_text("utf-8")}
    with opened(Place(data, config)) as call, working(call) as work:
        publishing.publish(work, DocumentKind(document), version, texts, material=not minor)
    click.echo(version)


@legal.command("list")
@json_option
@place_options
def list_(data: Path | None, config: Path | None, *, as_json: bool) -> None:
    """List the documents that hold now."""
    with opened(Place(data, config)) as call:
        held = documents.versions(call)
    listed([{"document": kind, "version": held[kind]} for kind in held], as_json=as_json)
