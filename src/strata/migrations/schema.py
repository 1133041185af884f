"""The whole schema, as the rooms declare it."""

import strata.access.gates.tables
import strata.accounts.factors.tables
import strata.accounts.legal.tables
import strata.accounts.notices.tables
import strata.accounts.plans.tables
import strata.accounts.profile.tables
import strata.accounts.tables
import strata.blobs.tables
import strata.community.announcements.tables
import strata.community.attachments.tables
import strata.community.collections.tables
import strata.community.discussions.tables
import strata.community.follows.tables
import strata.community.inbox.tables
import strata.content.tables
import strata.content.verdicts.tables
import strata.core.instance
import strata.credentials.keys.tables
import strata.credentials.oauth.tables
import strata.credentials.tokens.tables
import strata.events.audit.sealing.guards
import strata.events.mails.tables
import strata.events.tables
import strata.events.webhooks.tables
import strata.membership.confirming.tables
import strata.membership.emails.tables
import strata.membership.export.tables
import strata.membership.joining.tables
import strata.organizations.admitting.tables
import strata.organizations.collaborators.tables
import strata.organizations.inviting.tables
import strata.organizations.tables
import strata.repos.publishers.tables
import strata.repos.tables
import strata.search.tables
import strata.sessions.identities.tables
import strata.sessions.signed_in.tables  # noqa: F401 — each import adds its tables
from strata.core.tables import metadata
from strata.search.tables import NAMES_OBJECTS

__all__ = ["declared", "metadata"]


def declared(name: str | None, _kind: str, _parents: object) -> bool:
    """Whether a comparison with the tables shall look at what a database has under this name."""
    return name not in NAMES_OBJECTS
