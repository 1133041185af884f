"""Every URL on one page, grouped by the client that uses it.

Each door lists its own routes beside its handlers; this page joins them. Order matters only among
templates of one URL space: what is more specific stands first.
"""

from __future__ import annotations

from strata.web.api import site
from strata.web.api.access import (
    collaborators,
    report as access_report,
    requests as access_requests,
)
from strata.web.api.buckets import (
    batch as bucket_batch,
    events as bucket_events,
    files as bucket_files,
    life as buckets,
)
from strata.web.api.commits import (
    commit,
    compare,
    history,
    legacy_upload,
    preupload,
    squash,
    validate_yaml,
)
from strata.web.api.community import (
    attachments,
    collections,
    discussions,
    notice_settings,
    notifications,
    webhooks,
)
from strata.web.api.files import lfs as lfs_files, paths_info, resolve, tree, weights
from strata.web.api.people import (
    audit_log,
    credentials,
    follows,
    legacy_login,
    organizations,
    overviews,
    storage,
)
from strata.web.api.repos import discovery, duplicate, info, life as repos, likes, listings, refs
from strata.web.cas.routes import ROUTES as CAS
from strata.web.git.routes import ROUTES as GIT
from strata.web.lfs.routes import ROUTES as LFS
from strata.web.oauth.routes import ROUTES as OAUTH
from strata.web.pages.endpoints import reference
from strata.web.pages.routes.accounts import ROUTES as ACCOUNT_PAGES
from strata.web.pages.routes.collections import ROUTES as COLLECTION_PAGES
from strata.web.pages.routes.console import ROUTES as CONSOLE_PAGES
from strata.web.pages.routes.repos import ROUTES as REPO_PAGES
from strata.web.paths import Route

# The Hub API: every client.
API: tuple[Route, ...] = (
    *site.ROUTES,
    *legacy_login.ROUTES,
    *listings.ROUTES,
    *discovery.ROUTES,
    *repos.ROUTES,
    *info.ROUTES,
    *weights.ROUTES,
    *tree.ROUTES,
    *paths_info.ROUTES,
    *refs.ROUTES,
    *history.ROUTES,
    *compare.ROUTES,
    *squash.ROUTES,
    *preupload.ROUTES,
    *commit.ROUTES,
    *lfs_files.ROUTES,
    *duplicate.ROUTES,
    *legacy_upload.ROUTES,
    *discussions.ROUTES,
    *likes.ROUTES,
    *overviews.ROUTES,
    *follows.ROUTES,
    *organizations.ROUTES,
    *credentials.ROUTES,
    *audit_log.ROUTES,
    *storage.ROUTES,
    *attachments.ROUTES,
    *collections.ROUTES,
    *access_requests.ROUTES,
    *access_report.ROUTES,
    *collaborators.ROUTES,
    *validate_yaml.ROUTES,
    *webhooks.ROUTES,
    *notifications.ROUTES,
    *notice_settings.ROUTES,
    *buckets.ROUTES,
    *bucket_batch.ROUTES,
    *bucket_events.ROUTES,
)

# Files: downloads of every client, then git-lfs and older clients, Xet, git.
FILES: tuple[Route, ...] = (*resolve.ROUTES, *bucket_files.ROUTES, *LFS, *CAS, *GIT)

# Programs that people let in.
APPLICATIONS: tuple[Route, ...] = OAUTH

# People.
PAGES: tuple[Route, ...] = (
    *ACCOUNT_PAGES,
    *CONSOLE_PAGES,
    *COLLECTION_PAGES,
    reference({"api": API, "files": FILES, "applications": APPLICATIONS}),
    *REPO_PAGES,
)

ROUTES: tuple[Route, ...] = (*API, *FILES, *APPLICATIONS, *PAGES)
