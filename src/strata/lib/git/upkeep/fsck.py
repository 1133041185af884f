"""Have git read every object of a repository and recompute its name."""

from strata.lib.git.model import GitFailed, StorePath
from strata.lib.git.program import place, run


def unreadable(path: StorePath, tip: str | None) -> str | None:
    """Return what git says of broken objects, None when every one can be read.

    `tip` is any object that must be there; with one git does not start from the refs that it sees,
    which are a projection. Slow: everything is unpacked. Whether history is complete is another
    question, which `all_blobs` answers from all tips.
    """
    words = ["fsck", "--full", "--no-dangling", "--no-progress", *([tip] if tip else [])]
    try:
        run(words, place(path))
    except GitFailed as failure:
        return str(failure)
    return None
