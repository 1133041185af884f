"""Run the client's suite, or a part of it, against the hub of this working tree.

    .venv/bin/python tests/official/run.py 2.4.0 tests/test_hf_api.py -k Discussions
    .venv/bin/python tests/official/run.py 2.4.0 --server-tests   # print those that need a hub

Everything after the release goes to pytest. The hub is new, has the accounts of the suite, and its
log lies beside the suite in the folder printed at the end.
"""

import sys
import tempfile
from pathlib import Path

sys.path[:0] = [
    str(Path(__file__).resolve().parents[1]),
    str(Path(__file__).resolve().parents[2] / "src"),
]

from clients.hub import running  # noqa: E402 -- this file is a program of its own
from official.accounts import logged_in, make_accounts  # noqa: E402
from official.suite import ITS_COOKIE, ITS_SUB, NOTHING_LISTENS, OF_THE_MACHINE, End, suite  # noqa: E402


def needing_a_server(release: str, folder: Path) -> list[str]:
    """Return the tests that fail when nothing answers: those that say something about a hub."""
    outcomes = suite(release, folder / "suite", NOTHING_LISTENS).outcomes([""])
    return sorted(
        test
        for test, outcome in outcomes.items()
        if outcome.end is End.FAILED and not test.startswith(OF_THE_MACHINE)
    )


def main() -> int:
    """Run what the command line says; return pytest's exit status."""
    release, *arguments = sys.argv[1:]
    folder = Path(tempfile.mkdtemp(prefix="official-"))
    if arguments == ["--server-tests"]:
        sys.stdout.write("\n".join(needing_a_server(release, folder)) + "\n")
        return 0
    with running(folder / "hub", {}) as hub:
        make_accounts(hub)
        person = logged_in(hub)
        literals = {ITS_COOKIE: person.cookie, ITS_SUB: person.sub}
        status = suite(release, folder / "suite", hub.url, literals).show(arguments)
    sys.stdout.write(f"{folder}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
