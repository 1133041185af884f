"""The addresses of the public pages and of repos, as a browser sees them."""

from __future__ import annotations

from strata.web.pages import docs, home, status
from strata.web.pages.bucket import files as bucket, settings as bucket_settings
from strata.web.pages.collaborating import (
    managing as repo_collaborators,
    publishers as repo_publishers,
)
from strata.web.pages.creating import repo as new_repo
from strata.web.pages.discussions import listing as discussions, thread as discussion
from strata.web.pages.finding import lists, search as search_page
from strata.web.pages.repo import (
    file_view,
    files,
    gate_asking,
    history,
    page as repo,
    refs as refs_page,
)
from strata.web.pages.repo.settings import (
    access_requests,
    general as repo_settings,
    storage as repo_storage,
)
from strata.web.paths import Endpoint, Route

_PEOPLE = "people"
_PRINTED = "people; huggingface_hub prints this address"


def _read(template: str, endpoint: Endpoint, clients: str = _PEOPLE) -> Route:
    return Route(("GET", "HEAD"), template, endpoint, clients, page=True)


def _form(template: str, endpoint: Endpoint) -> Route:
    return Route(("POST",), template, endpoint, _PEOPLE, page=True)


_NEW = ("/new", "/new-dataset", "/new-space", "/new-kernel", "/new-bucket")

REPO_ROUTES = (
    _read("/", home.page),
    _read("/models", lists.models),
    _read("/datasets", lists.datasets),
    _read("/spaces", lists.spaces),
    _read("/kernels", lists.kernels),
    _read("/buckets", lists.buckets),
    _read("/search/full-text", search_page.page),
    _read("/docs", docs.page),
    _read("/status", status.page),
    *(_read(template, new_repo.page) for template in _NEW),
    *(_form(template, new_repo.submit) for template in _NEW),
    _read("/buckets/{repo}", bucket.page, _PRINTED),
    _read("/buckets/{repo}/tree/{path}", bucket.folder),
    _read("/buckets/{repo}/settings", bucket_settings.page),
    _form("/buckets/{repo}/settings", bucket_settings.submit),
    _read("/buckets/{repo}/settings/collaborators", repo_collaborators.page),
    _form("/buckets/{repo}/settings/collaborators", repo_collaborators.submit),
    _read("/{web}{repo}", repo.page, _PRINTED),
    _form("/{web}{repo}/like", repo.like),
    _read("/{web}{repo}/tree/{revision}/{path}", files.page, _PRINTED),
    _read("/{web}{repo}/blob/{revision}/{path}", file_view.page, _PRINTED),
    _read("/{web}{repo}/commits/{revision}/{path}", history.page),
    _read("/{web}{repo}/commit/{revision}", history.commit, _PRINTED),
    _read("/{web}{repo}/branches", refs_page.page),
    _read("/{web}{repo}/tags", refs_page.page),
    _read("/{web}{repo}/discussions", discussions.page),
    _form("/{web}{repo}/ask-access", gate_asking.ask),
    _form("/{web}{repo}/ask-access/withdraw", gate_asking.withdraw),
    _read("/{web}{repo}/discussions/new", discussions.new),
    _form("/{web}{repo}/discussions/new", discussions.open_new),
    _read("/{web}{repo}/discussions/{number}", discussion.conversation, _PRINTED),
    _form("/{web}{repo}/discussions/{number}", discussion.submit),
    _read("/{web}{repo}/discussions/{number}/commits", discussion.commits),
    _read("/{web}{repo}/discussions/{number}/files", discussion.files),
    _read("/{web}{repo}/settings", repo_settings.page, _PRINTED),
    _form("/{web}{repo}/settings", repo_settings.submit),
    _read("/{web}{repo}/settings/storage", repo_storage.page),
    _form("/{web}{repo}/settings/storage", repo_storage.submit),
    _read("/buckets/{repo}/settings/publishers", repo_publishers.page),
    _form("/buckets/{repo}/settings/publishers", repo_publishers.submit),
    _read("/{web}{repo}/settings/publishers", repo_publishers.page),
    _form("/{web}{repo}/settings/publishers", repo_publishers.submit),
    _read("/{web}{repo}/settings/collaborators", repo_collaborators.page),
    _form("/{web}{repo}/settings/collaborators", repo_collaborators.submit),
    _read("/{web}{repo}/settings/access-requests", access_requests.page),
    _form("/{web}{repo}/settings/access-requests", access_requests.submit),
)
ROUTES = REPO_ROUTES
