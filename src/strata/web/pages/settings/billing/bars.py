"""How much of each quota is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from strata.accounts.naming import names
from strata.accounts.plans.quotas import NO_LIMIT, Quotas, Standing, standing_of
from strata.blobs.quota.room import shown as bytes_shown
from strata.blobs.quota.usage import usage_of
from strata.core.call import Call
from strata.credentials.keys import ssh
from strata.credentials.tokens.owned import count_active
from strata.events.webhooks import queries as webhooks
from strata.organizations import queries as organizations
from strata.repos import queries as repos
from strata.web.pages.frame.visit import user_id_of
from strata.web.pages.words.language import N_

PUBLIC: Final = N_("Public storage")
PRIVATE: Final = N_("Private storage")
REPOS: Final = N_("Repositories")
ORGANIZATIONS: Final = N_("Organizations you administer")
MEMBERS: Final = N_("Members")
FILES: Final = N_("Files of one repository")
TOKENS: Final = N_("Access tokens")
KEYS: Final = N_("SSH keys")
WEBHOOKS: Final = N_("Webhooks")


@dataclass(frozen=True, slots=True)
class Bar:
    """Something of which only so much may be used."""

    label: str  # to be translated
    used: str
    total: str  # empty: no limit
    share: int  # per cent


@dataclass(frozen=True, slots=True)
class Summary:
    """A plan in a few lines, for the account page."""

    standing: Standing
    bars: Sequence[Bar]  # storage


def summary(call: Call) -> Summary:
    """The signed-in person's own plan."""
    user_id = user_id_of(call)
    standing = standing_of(call, user_id)
    return Summary(standing, _storage(call, user_id, standing.quotas))


def bars_of(call: Call, place: names.Namespace, quotas: Quotas, fullest: int) -> list[Bar]:
    """What a person or an organisation uses.

    Args:
        fullest: files of the repo that has the most.
    """
    bars = [
        *_storage(call, place.id, quotas),
        _number(REPOS, repos.count_of(call, place.id), quotas.repos),
    ]
    bars.append(_number(FILES, fullest, quotas.repo_files))
    if place.kind is names.Kind.ORGANIZATION:
        seats = organizations.count_members(call, place.id)
        bars.append(_number(MEMBERS, seats, quotas.members))
    return bars


def _storage(call: Call, owner_id: int, quotas: Quotas) -> list[Bar]:
    usage = usage_of(call, owner_id)
    return [
        _bytes(PUBLIC, usage.public_bytes, quotas.public_bytes),
        _bytes(PRIVATE, usage.private_bytes, quotas.private_bytes),
    ]


def own_bars(call: Call, user_id: int, quotas: Quotas, administered: int) -> list[Bar]:
    """What only people have.

    Args:
        administered: organisations of which the person is an admin.
    """
    return [
        _number(ORGANIZATIONS, administered, quotas.organizations),
        _number(TOKENS, count_active(call, user_id), quotas.tokens),
        _number(KEYS, len(ssh.of(call, user_id)), quotas.keys),
        _number(WEBHOOKS, webhooks.count_of(call, user_id), quotas.webhooks),
    ]


def _bytes(label: str, used: int, total: int) -> Bar:
    whole = "" if total == NO_LIMIT else bytes_shown(total)
    return Bar(label, bytes_shown(used), whole, _share(used, total))


def _number(label: str, used: int, total: int) -> Bar:
    return Bar(label, f"{used:,}", "" if total == NO_LIMIT else f"{total:,}", _share(used, total))


def _share(used: int, total: int) -> int:
    return 0 if total == NO_LIMIT else used * 100 // total
