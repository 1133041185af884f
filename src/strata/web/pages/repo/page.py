"""The card of a repo, and profiles and legacy names where the address has one segment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.verbs import Action
from strata.accounts.naming import former
from strata.accounts.profiles import PublicProfile, public_profile
from strata.content.card.front_matter import CARD, Card, card_at
from strata.content.reading.files import entry_at
from strata.content.reading.tree import Listed, listing
from strata.content.snapshot import MAIN, Snapshot, snapshot
from strata.content.writing.attributes import ATTRIBUTES
from strata.core.call import Call
from strata.core.errors import Moved
from strata.core.names import RepoId, RepoType
from strata.organizations import queries as organizations
from strata.repos.liking import likes
from strata.repos.liking.popularity import downloads_by_day
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.addresses.clone_address import addresses_of
from strata.web.pages.frame.addresses.media import media_headers
from strata.web.pages.frame.addresses.places import Place, list_address
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.labels import texts
from strata.web.pages.frame.render import url_path
from strata.web.pages.frame.visit import in_transaction, redirected, shown, visiting
from strata.web.pages.people.organization import OrganizationPage, organization_page
from strata.web.pages.people.profile import Profile, profile_of
from strata.web.pages.repo import gate_view
from strata.web.pages.repo.card_view import markdown_of
from strata.web.pages.repo.gate_view import GatePanel
from strata.web.pages.repo.head import RepoHead, head_of
from strata.web.pages.repo.snippets import Snippet, recipes
from strata.web.pages.words.language import N_
from strata.web.pages.words.organizations import kind_word
from strata.web.work import hub_of, repo_of

TREND_DAYS: Final = 30
_BAR_TONES: Final = ("model", "dataset")  # of the two largest files; the rest is violet
_REPO_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,96}(?:/[A-Za-z0-9._-]{1,96})?")
_MAX_FACTS: Final = 5  # values of one line in the rail
_FACTS: Final = {
    "library_name": (N_("Library"), "library", ""),
    "license": (N_("Licence"), "license", "license:"),
    "pipeline_tag": (N_("Task"), "pipeline_tag", ""),
}


@dataclass(frozen=True, slots=True)
class Link:
    """A value of the side rail."""

    text: str
    address: str  # empty: it leads nowhere
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the side rail."""

    label: str  # marked for translation
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the storage bar."""

    name: str  # empty: everything else
    percent: int
    tone: str


@dataclass(frozen=True, slots=True)
class CardPage:
    """All that the page shows."""

    head: RepoHead
    html: Markup  # the rendered card; empty without one
    too_long: bool
    errors: tuple[str, ...]  # of the metadata, for those who can mend it
    empty: bool  # nothing but what every new repo begins with
    facts: tuple[Fact, ...]
    trend: tuple[int, ...]
    size: int | None  # bytes of the files; None: none yet, or too many to add up here
    shares: tuple[Share, ...]
    recipes: tuple[Snippet, ...]
    gate: GatePanel | None


async def page(request: Request) -> Response:
    """GET /{repo} — the card; `/{name}` — a person or an organisation; a legacy name is sent on."""
    visit, found = await visiting(request, lambda call: _found(call, repo_of(request)))
    if isinstance(found, Profile):
        return shown(request, "repos/profile.html", visit, profile=found)
    if isinstance(found, OrganizationPage):
        kind = kind_word(visit.frame.language, found.organization.kind)
        return shown(request, "repos/organization.html", visit, page=found, kind=kind)
    return _shown(request, visit, found, {})


async def again(request: Request, given: Form, faults: Mapping[str, tuple[str, ...]]) -> Response:
    """Show the card with a gate's form that could not be accepted as it was filled in."""
    visit, found = await visiting(request, lambda call: _card_page(call, repo_of(request), given))
    return _shown(request, visit, found, faults)


def _shown(
    request: Request, visit: Visit, found: CardPage, faults: Mapping[str, tuple[str, ...]]
) -> Response:
    language = visit.frame.language
    return shown(
        request,
        "repos/card.html",
        visit,
        status=400 if faults else 200,
        headers=media_headers(hub_of(request)),
        page=found,
        head=found.head,
        gate_errors=gate_view.told(language, found.gate, faults) if found.gate else {},
        countries=gate_view.countries(language),
    )


async def like(request: Request) -> Response:
    """POST /{repo}/like — like, or take the like back."""
    form = await form_of(request)
    repo_id = repo_of(request)
    await submitted(request, form, lambda call, sent: _like(call, repo_id, sent))
    return redirected(request, url_path(repo_id.web_path))


def _like(call: Call, repo_id: RepoId, form: Form) -> None:
    act = likes.like if form.get("like") == "yes" else likes.unlike
    in_transaction(lambda work: act(work, repo_id))(call)


def _found(call: Call, repo_id: RepoId) -> CardPage | Profile | OrganizationPage:
    """Whoever has a name of one segment wins over a legacy repo of that name."""
    if repo_id.namespace is not None or repo_id.type is not RepoType.MODEL:
        return _card_page(call, repo_id)
    organization = organizations.by_name(call, repo_id.name)
    if organization is not None:
        _require_spelt(repo_id.name, organization.name)
        return organization_page(call, organization)
    person = _person(call, repo_id)
    if person is None:
        return _card_page(call, repo_id)
    _require_spelt(repo_id.name, person.name)
    return profile_of(call, person)


def _require_spelt(asked: str, name: str) -> None:
    """Lead to the address with upper and lower case as whose it is writes them (product §3.3).

    Raises:
        Moved: it is written otherwise.
    """
    if asked != name:
        raise Moved(name)


def _person(call: Call, repo_id: RepoId) -> PublicProfile | None:
    """The person whose address this is.

    Raises:
        Moved: the person has another name by now.
    """
    person = public_profile(call, repo_id.name)
    renamed = former.holder(call, repo_id.name) if person is None else None
    if renamed is not None:
        raise Moved(renamed.name)
    return person


def _card_page(call: Call, repo_id: RepoId, given: Form | None = None) -> CardPage:
    at = snapshot(call, repo_id, action=Action.LOOK)
    card = card_at(call, at)
    head = head_of(call, at, MAIN, card)
    listed = listing(call, at, recursive=True)
    files = [entry for entry in listed.entries if entry.kind == "file"]
    whole = listed.cursor is None
    empty = whole and _is_empty(files)
    prefix = call.hub.settings.prefix
    rendered = markdown_of(head.place, card.body, prefix=prefix) if card.body.strip() else None
    return CardPage(
        head=head,
        html=rendered or Markup(),
        too_long=_is_too_long(at, card) or (bool(card.body.strip()) and rendered is None),
        errors=card.errors if head.manages else (),
        empty=empty,
        facts=_facts(card, at.repo.type),
        trend=downloads_by_day(call, at.repo, TREND_DAYS),
        size=sum(entry.size for entry in files) if whole and not empty else None,
        shares=_shares(files) if whole and not empty else (),
        recipes=recipes(at.repo, addresses_of(call, at.repo)),
        gate=gate_view.panel_of(call, at, card, given),
    )


def _is_too_long(at: Snapshot, card: Card) -> bool:
    """Whether there is a README.md that `card_at` did not read."""
    return not card.body and not card.metadata and not card.errors and _has_long_card(at)


def _has_long_card(at: Snapshot) -> bool:
    entry = entry_at(at, CARD)
    return entry is not None and entry.kind == "file" and entry.size > 1024 * 1024


def _is_empty(files: list[Listed]) -> bool:
    return all(entry.path == ATTRIBUTES for entry in files)


def _facts(card: Card, kind: RepoType) -> tuple[Fact, ...]:
    found = []
    for name, (label, parameter, prefix) in _FACTS.items():
        links = tuple(
            Link(text, list_address(kind, **{parameter: prefix + text}))
            for text in texts(card.metadata.get(name))[:_MAX_FACTS]
        )
        found.append(Fact(label, links))
    if kind is not RepoType.DATASET:
        found.append(_repos_fact(card, N_("Base model"), "base_model", RepoType.MODEL))
        found.append(_repos_fact(card, N_("Trained on"), "datasets", RepoType.DATASET))
    return tuple(fact for fact in found if fact.links)


def _repos_fact(card: Card, label: str, name: str, kind: RepoType) -> Fact:
    tone = "" if kind is RepoType.MODEL else kind.value
    names = texts(card.metadata.get(name))[:_MAX_FACTS]
    return Fact(label, tuple(Link(text, _named(kind, text), tone) for text in names))


def _named(kind: RepoType, text: str) -> str:
    """The address of a repo that a card names; nothing for what could be no repo."""
    if _REPO_NAME.fullmatch(text) is None:
        return ""
    return Place(RepoId(kind, None, text), MAIN).home


def _shares(files: list[Listed]) -> tuple[Share, ...]:
    """The largest two files and the rest, in per cent of all bytes."""
    total = sum(entry.size for entry in files)
    if not total:
        return ()
    largest = sorted(files, key=lambda entry: -entry.size)[: len(_BAR_TONES)]
    shares = [
        Share(entry.path, round(entry.size * 100 / total), tone)
        for entry, tone in zip(largest, _BAR_TONES, strict=False)
    ]
    kept = [share for share in shares if share.percent >= 1]
    rest = 100 - sum(share.percent for share in kept)
    return (*kept, Share("", rest, "space")) if rest > 0 else tuple(kept)
