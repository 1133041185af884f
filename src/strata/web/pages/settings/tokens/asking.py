"""What the form for a token asks for while it is filled in; without scripts nobody asks."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.persons import require_person
from strata.community.tokens.choosing import seen
from strata.core.call import Call
from strata.credentials.tokens.owned import require_session
from strata.repos.record import Repo
from strata.web import respond
from strata.web.pages.settings.tokens.editor import about
from strata.web.pages.settings.tokens.offering import LONGEST, offered
from strata.web.pages.settings.tokens.scopes.draft import MOST_FIELDS, Draft, from_form
from strata.web.pages.settings.tokens.scopes.scoping import named_in
from strata.web.pages.settings.tokens.scopes.summary import Summary, summary
from strata.web.pages.words.language import N_, language_of, translated, translations
from strata.web.work import hub_of, read


async def repositories(request: Request) -> Response:
    """GET /settings/tokens/repositories?q=&owner= — those that the person may read."""
    typed, owner = (request.query_params.get(name, "")[:LONGEST] for name in ("q", "owner"))
    found = await read(request, lambda call: offered(call, typed, owner))
    language = _language(request)
    return respond.json(
        {
            "told": _told(language, len(found)),
            "found": [{"name": _name(one), "about": about(language, one)} for one in found],
        }
    )


async def summarised(request: Request) -> Response:
    """GET /settings/tokens/summary?<the fields of the form> — what such a token can do."""
    pairs = request.query_params.multi_items()[:MOST_FIELDS]
    draft, language = from_form(dict(pairs)), _language(request)
    said = await read(request, lambda call: _summary(call, language, draft))
    return respond.json({"sentence": said.sentence, "warnings": said.warnings})


def _summary(call: Call, language: str, draft: Draft) -> Summary:
    require_person(call.actor, "create tokens")
    require_session(call.actor)
    known = seen(call, named_in(draft).values())
    return summary(language, draft, call.actor.name or "", known)


def _told(language: str, number: int) -> str:
    if not number:
        return translated(language, N_("No repository that you may read has such a name."))
    ngettext = translations(language).ngettext
    text = ngettext("%(num)s repository found.", "%(num)s repositories found.", number)
    return str(text) % {"num": number}


def _name(repo: Repo) -> str:
    return repo.web_path.removeprefix("/")


def _language(request: Request) -> str:
    return language_of(request, hub_of(request).settings.language)
