"""What takes space in a repo, and its deletion for good (product §2.5 P37)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.verbs import Action
from strata.blobs.inventory.holdings import Holding, Page, Total, total
from strata.content.rewriting.naming import large_files_of
from strata.content.rewriting.removal import delete_large_files
from strata.content.snapshot import MAIN, snapshot_of
from strata.core.call import Call
from strata.core.errors import InvalidFields, Malformed, NotFound
from strata.core.names import RepoId
from strata.repos.lookup import lookup
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.addresses.places import Place
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.render import url_path
from strata.web.pages.frame.visit import redirected, shown, visiting
from strata.web.pages.repo.head import RepoHead, head_of
from strata.web.pages.words.language import N_, translated
from strata.web.pages.words.phrases import TYPE_THE_NAME
from strata.web.work import repo_of

PER_PAGE: Final = 50  # a form carries one field for each file that is chosen
_CHOSEN: Final = "file-"  # and its sha256: the name of a file's checkbox
CHOOSE_FILES: Final = N_("Choose at least one file.")
CHANGED: Final = N_("The list has changed meanwhile. Look at it and choose again.")


@dataclass(frozen=True, slots=True)
class StoragePage:
    """All that the page shows."""

    head: RepoHead
    total: Total
    files: Page
    cursor: str  # where the page begins; empty: at the newest
    chosen: frozenset[str]  # sha256 of the files that were chosen in a form that came back
    given: Mapping[str, str]

    def address_of(self, file: Holding) -> str:
        """Where the file can be looked at, as far as we know; else empty."""
        branch = (file.ref or "").removeprefix("refs/heads/")
        known = file.filename and file.ref and not branch.startswith("refs/")
        return Place(self.head.repo.repo_id, branch).blob(file.filename) if known else ""


async def page(request: Request) -> Response:
    """GET /{repo}/settings/storage"""
    repo_id = repo_of(request)
    cursor = request.query_params.get("cursor")
    visit, found = await visiting(request, lambda call: _page(call, repo_id, cursor, {}))
    return _shown(request, visit, found, {})


async def submit(request: Request) -> Response:
    """POST /{repo}/settings/storage — delete the files that were chosen, for good."""
    form = await form_of(request)
    repo_id = repo_of(request)
    try:
        await submitted(request, form, lambda call, sent: _delete(call, repo_id, sent))
    except InvalidFields as error:
        cursor = form.get("cursor") or None
        visit, found = await visiting(request, lambda call: _page(call, repo_id, cursor, form))
        return _shown(request, visit, found, error.fields)
    place = f"{url_path(repo_id.web_path)}/settings/storage"
    return redirected(request, place, notice="files-deleted")


def _page(call: Call, repo_id: RepoId, cursor: str | None, given: Form) -> StoragePage:
    repo = lookup(call, repo_id, Action.MANAGE)
    head = head_of(call, snapshot_of(call, repo, MAIN), MAIN)
    files = large_files_of(call, repo, PER_PAGE, cursor)
    return StoragePage(
        head, total(call, repo), files, cursor or "", frozenset(_chosen(given)), given
    )


def _delete(call: Call, repo_id: RepoId, form: Form) -> None:
    repo = lookup(call, repo_id, Action.MANAGE)
    chosen = _chosen(form)
    faults: dict[str, tuple[str, ...]] = {}
    if not chosen:
        faults["files"] = (CHOOSE_FILES,)
    if form.get("confirm_name", "").strip() != repo.full_name:
        faults["confirm_name"] = (TYPE_THE_NAME,)
    if faults:
        raise InvalidFields(faults)
    try:
        delete_large_files(call, repo_id, chosen, rewrite_history=form.get("history") != "keep")
    except (NotFound, Malformed) as error:
        raise InvalidFields({"files": (CHANGED,)}) from error


def _chosen(form: Form) -> list[str]:
    return [name.removeprefix(_CHOSEN) for name in form if name.startswith(_CHOSEN)]


def _shown(
    request: Request, visit: Visit, found: StoragePage, faults: Mapping[str, tuple[str, ...]]
) -> Response:
    language = visit.frame.language
    errors = {name: translated(language, texts[0]) for name, texts in faults.items()}
    return shown(
        request,
        "repos/storage.html",
        visit,
        status=400 if errors else 200,
        page=found,
        head=found.head,
        errors=errors,
    )
