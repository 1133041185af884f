"""What each form of a discussion's page does; every act answers where to go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from strata.community.discussions import thread
from strata.community.discussions.queries import Event
from strata.community.pulls import merging
from strata.community.pulls.merging import Wish
from strata.content.snapshot import MAIN
from strata.core.call import Call, Work, working
from strata.core.names import RepoId, Sha, is_sha
from strata.web.pages.discussions.forms import require_comment, require_text, require_title
from strata.web.pages.forms.body import Form
from strata.web.pages.frame.addresses.places import Place
from strata.web.pages.words.language import N_

Act = Callable[[Call, RepoId, int, Form], str]

REACTION_NAMES: Final[Mapping[str, str]] = {
    "👍": N_("thumbs up"),
    "👎": N_("thumbs down"),
    "❤️": N_("heart"),
    "🔥": N_("fire"),
    "🚀": N_("rocket"),
    "👀": N_("eyes"),
    "🤗": N_("hug"),
    "🤯": N_("mind blown"),
}
# What the room says when an act is not possible any more, marked here for translation.
CONFLICTS: Final = (
    N_("This pull request is a draft; publish it first."),
    N_("This pull request is closed; reopen it first."),
    N_("This pull request was merged already."),
    N_("This pull request has no changes that its base lacks."),
    N_("The base branch or the ref of this pull request was deleted."),
    N_("The ref of this pull request was deleted; open a new one."),
    N_("The ref of this pull request was deleted already."),
    N_("Close or merge this pull request before you delete its ref."),
    N_("This comment has been hidden; that cannot be undone."),
    N_("It is open already."),
    N_("It is closed already."),
    N_("It is pinned already."),
    N_("It is not pinned."),
    N_("It is locked already."),
    N_("It is not locked."),
    N_("The branch was updated since you opened this page. Please refresh and try again."),
    N_("Discussions are disabled for this repo"),
    N_("This discussion is locked; only those who may write to the repo can go on with it."),
)


def _comment(call: Call, repo_id: RepoId, number: int, form: Form) -> str:
    return _to(repo_id, number, thread.comment(call, repo_id, number, require_comment(form)))


def _edit(call: Call, repo_id: RepoId, number: int, form: Form) -> str:
    text = require_comment(form)
    return _to(repo_id, number, thread.edit(call, repo_id, number, form.get("key", ""), text))


def _hide(work: Work, repo_id: RepoId, number: int, form: Form) -> Event:
    return thread.hide(work, repo_id, number, form.get("key", ""))


def _react(work: Work, repo_id: RepoId, number: int, form: Form) -> Event:
    """One button a reaction: `give` or `take` names it."""
    given = "give" in form
    reaction = form.get("give" if given else "take", "")
    return thread.react(work, repo_id, number, form.get("key", ""), reaction, given=given)


def _title(work: Work, repo_id: RepoId, number: int, form: Form) -> Event:
    return thread.rename(work, repo_id, number, require_title(form))


def _close(call: Call, repo_id: RepoId, number: int, form: Form) -> str:
    text = require_text(form, "comment")
    return _to(repo_id, number, thread.change_status(call, repo_id, number, "closed", text))


def _open(call: Call, repo_id: RepoId, number: int, form: Form) -> str:
    text = require_text(form, "comment")
    return _to(repo_id, number, thread.change_status(call, repo_id, number, "open", text))


def _pin(work: Work, repo_id: RepoId, number: int, form: Form) -> Event:
    return thread.pin(work, repo_id, number, pinned=form.get("pinned") == "yes")


def _lock(work: Work, repo_id: RepoId, number: int, form: Form) -> Event:
    return thread.lock(work, repo_id, number, locked=form.get("locked") == "yes")


def _merge(call: Call, repo_id: RepoId, number: int, form: Form) -> str:
    """Merge what the page showed, and nothing that came after it."""
    head = form.get("head", "")
    wish = Wish(
        title=form.get("commit_title", ""),
        body=require_text(form, "commit_body"),
        head=Sha(head if is_sha(head) else "0" * 40),
    )
    return _to(repo_id, number, merging.merge(call, repo_id, number, wish))


def _delete_ref(call: Call, repo_id: RepoId, number: int, _form: Form) -> str:
    with working(call) as work:
        merging.delete_ref(work, repo_id, number)
    return address_of(repo_id, number)


def _delete(call: Call, repo_id: RepoId, number: int, _form: Form) -> str:
    with working(call) as work:
        merging.delete_discussion(work, repo_id, number)
    return f"{Place(repo_id, MAIN).home}/discussions"


def address_of(repo_id: RepoId, number: int) -> str:
    """The page of a discussion."""
    return f"{Place(repo_id, MAIN).home}/discussions/{number}"


def _to(repo_id: RepoId, number: int, event: Event) -> str:
    """The place of an event on the page."""
    return f"{address_of(repo_id, number)}#strata-event-{event.key}"


def _within(act: Callable[[Work, RepoId, int, Form], Event]) -> Act:
    """Make an act of one transaction one of these."""

    def run(call: Call, repo_id: RepoId, number: int, form: Form) -> str:
        with working(call) as work:
            event = act(work, repo_id, number, form)
        return _to(repo_id, number, event)

    return run


ACTS: Final[Mapping[str, Act]] = {
    "comment": _comment,
    "edit": _edit,
    "hide": _within(_hide),
    "react": _within(_react),
    "title": _within(_title),
    "close": _close,
    "open": _open,
    "pin": _within(_pin),
    "lock": _within(_lock),
    "merge": _merge,
    "delete-ref": _delete_ref,
    "delete": _delete,
}
