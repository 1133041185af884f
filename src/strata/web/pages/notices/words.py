"""The kinds of news in the words of the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from strata.accounts.notices.choices import Kind
from strata.web.pages.words.language import N_

# Name and explanation.
KINDS: Final[Mapping[Kind, tuple[str, str]]] = {
    Kind.MENTION: (N_("Mentions"), N_("Somebody writes @ followed by your name.")),
    Kind.PARTICIPATING: (
        N_("Participating"),
        N_("News in discussions and pull requests that you opened, answered or subscribed to."),
    ),
    Kind.WATCHED: (
        N_("Watched repositories"),
        N_("Everything that is discussed in repositories you own or watch."),
    ),
    Kind.GATE_REQUEST: (
        N_("Access requests"),
        N_("Somebody asks for access to a gated repository that you manage."),
    ),
    Kind.GATE_DECISION: (
        N_("Decisions on your requests"),
        N_("The authors of a gated repository decided about your request."),
    ),
    Kind.INVITATION: (
        N_("Invitations"),
        N_("You are invited to an organization, or to work on a repository."),
    ),
    Kind.SECURITY: (
        N_("Security"),
        N_("What keeps your account safe. It cannot be switched off."),
    ),
    Kind.ANNOUNCEMENT: (
        N_("Announcements"),
        N_("News from the people who run this site."),
    ),
}
