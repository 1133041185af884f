"""The door for operators: `strata <noun> <verb>`.

Data goes to stdout, everything else to stderr; exit codes come from the error tree. The modules of
the commands are loaded by name when one runs, so `strata --help` loads click alone.
"""

from __future__ import annotations

import sys

import click
from typing_extensions import override

from strata.cli.exits import code_of, sentence_of
from strata.cli.lazy import named

# command → (module:attribute, what the help says); one line for each command of the door.
COMMANDS = {
    "serve": ("strata.cli.hub.serve:serve", "Serve the hub until told to stop."),
    "user": ("strata.cli.people.user:user", "Create, confirm, close and list accounts."),
    "org": ("strata.cli.people.org:org", "Create organizations and care for their members."),
    "invite": ("strata.cli.people.invite:invite", "Invite people to sign up."),
    "disposable": (
        "strata.cli.site.disposable:disposable",
        "Care for the list of throw-away mailboxes.",
    ),
    "announce": ("strata.cli.site.announce:announce", "Tell everybody something."),
    "legal": ("strata.cli.site.legal:legal", "Publish the documents that people agree to."),
    "token": ("strata.cli.people.token:token", "Create and list access tokens."),
    "app": (
        "strata.cli.people.app:app",
        "Create, list and delete applications that people log in to.",
    ),
    "plan": ("strata.cli.site.plan:plan", "Make plans, give them to people, answer requests."),
    "repo": ("strata.cli.site.repo:repo", "List repositories."),
    "mail": (
        "strata.cli.site.mail:mail",
        "See what became of mails, send again, test the mail server.",
    ),
    "gc": ("strata.cli.hub.gc:gc", "Remove large files and chunks that nothing needs."),
    "doctor": ("strata.cli.hub.doctor:doctor", "Check that everything is there and fits together."),
    "audit": ("strata.cli.site.audit:audit", "Read the audit log and check that it is whole."),
    "secrets": ("strata.cli.hub.secrets:secrets", "Change the secret key of the hub."),
    "db": ("strata.cli.hub.db:db", "Care for the database."),
    "maintenance": (
        "strata.cli.hub.maintenance:maintenance",
        "Close the hub for a while, and open it again.",
    ),
    "config": (
        "strata.cli.hub.config:config",
        "Show the effective settings and where each came from.",
    ),
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is used."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = named(COMMANDS[cmd_name][0])
        return command

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Strata: a hub for models and datasets that you run yourself."""


def main() -> None:
    """Run the command line; the process ends with the code of what happened."""
    try:
        cli()
    except Exception as error:
        code = code_of(error)
        if code is None:  # a bug: show where
            raise
        click.echo(f"strata: {sentence_of(error)}", err=True)
        sys.exit(code)
