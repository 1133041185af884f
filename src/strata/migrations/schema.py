"""The whole schema, as the rooms declare it."""

import strata.access.tables
import strata.accounts.admitting.tables
import strata.accounts.emails.tables
import strata.accounts.entering.tables
import strata.accounts.export.tables
import strata.accounts.factors.tables
import strata.accounts.identities.tables
import strata.accounts.inviting.tables
import strata.accounts.joining.tables
import strata.accounts.keys.tables
import strata.accounts.legal.tables
import strata.accounts.notices.tables
import strata.accounts.oauth.tables
import strata.accounts.organizations.tables
import strata.accounts.plans.tables
import strata.accounts.profile.tables
import strata.accounts.tables
import strata.accounts.tokens.tables
import strata.blobs.tables
import strata.community.attachments.tables
import strata.community.collections.tables
import strata.community.discussions.tables
import strata.community.follows.tables
import strata.community.inbox.tables
import strata.content.tables
import strata.content.verdicts.tables
import strata.core.instance
import strata.events.audit.guards
import strata.events.mails.tables
import strata.events.tables
import strata.events.webhooks.tables
import strata.repos.publishers.tables
import strata.repos.tables
import strata.search.tables  # noqa: F401 — each import adds its tables
from strata.core.tables import metadata
from strata.search.tables import NAMES_OBJECTS

__all__ = ["declared", "metadata"]


def declared(name: str | None, _kind: str, _parents: object) -> bool:
    """Whether a comparison with the tables shall look at what a database has under this name."""
    return name not in NAMES_OBJECTS
