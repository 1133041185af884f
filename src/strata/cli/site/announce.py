"""`strata announce`."""

from __future__ import annotations

from pathlib import Path

import click

from strata.cli.opening import opened
from strata.cli.place import Place, place_options
from strata.community.announcements import announce as announcements
from strata.core.call import working


@click.command()
@click.option("--en", "english", required=True, type=click.Path(exists=True, path_type=Path),
              help="Markdown file in English; its first line is the heading.")  # fmt: skip
@click.option("--zh", "chinese", required=True, type=click.Path(exists=True, path_type=Path),
              help="The same in Simplified Chinese.")  # fmt: skip
@place_options
def announce(english: Path, chinese: Path, data: Path | None, config: Path | None) -> None:
    """Tell everybody something in their inbox, and by mail those who asked for that."""
    texts = {"en": english.read_text("utf-8"), "zh-CN": chinese.read_text("utf-8")}
    with opened(Place(data, config)) as call, working(call) as work:
        made = announcements.announce(work, texts)
    click.echo(announcements.path_of(made))
