"""What an account says of itself: name, words and links (product §2.2 P07)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Final
from urllib.parse import urlsplit

import sqlalchemy as sa

from strata.accounts import confirmed
from strata.accounts.naming.full_names import full_name_faults, line_faults
from strata.accounts.profile.tables import profiles
from strata.accounts.tables import emails, users
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields
from strata.events.audit.changes import changes
from strata.events.facts import record
from strata.lib.db.statements import upsert

LONGEST_BIO: Final = 500  # characters
LONGEST_LINE: Final = 200
LONGEST_README: Final = 20_000

# Where a handle leads, and what one looks like there.
SITES: Final[Mapping[str, tuple[str, re.Pattern[str]]]] = {
    "github": ("https://github.com/{}", re.compile(r"[A-Za-z0-9-]{1,39}", re.ASCII)),
    "x": ("https://x.com/{}", re.compile(r"[A-Za-z0-9_]{1,15}", re.ASCII)),
    "linkedin": ("https://www.linkedin.com/in/{}", re.compile(r"[\w%-]{3,100}")),
    "bluesky": ("https://bsky.app/profile/{}", re.compile(r"[A-Za-z0-9.-]{3,253}", re.ASCII)),
}


@dataclass(frozen=True, slots=True)
class Details:
    """What stands in a profile besides the name; empty where nothing was said."""

    bio: str = ""
    homepage: str = ""  # an http or https address
    affiliation: str = ""
    github: str = ""
    x: str = ""
    linkedin: str = ""
    bluesky: str = ""
    interests: str = ""  # one line
    readme: str = ""  # Markdown
    public_email: str = ""  # key of the address that everybody may see; read `public_email_of`

    @property
    def links(self) -> tuple[tuple[str, str, str], ...]:
        """Site, what to show, and address of everything that leads elsewhere."""
        given = ((site, getattr(self, site)) for site in SITES)
        handles = ((site, name, SITES[site][0].format(name)) for site, name in given if name)
        home = (("homepage", urlsplit(self.homepage).netloc, self.homepage),)
        return (*(home if self.homepage else ()), *handles)


def details_of(call: Call, namespace_id: int) -> Details:
    """What an account says of itself."""
    columns = [profiles.c[field.name] for field in fields(Details)]
    statement = sa.select(*columns).where(profiles.c.namespace_id == namespace_id)
    row = call.db.execute(statement).first()
    return Details(*row) if row else Details()


def change_details(work: Work, user_id: int, full_name: str, details: Details) -> None:
    """Write down what a person says of themselves; the door made sure that it is they.

    Raises:
        InvalidFields: with what is wrong with each field; nothing is changed.
    """
    require_sound(full_name, details)
    chosen = details.public_email
    if chosen and confirmed.owner_id(work, chosen) != user_id:
        raise InvalidFields({"public_email": ("email.not_confirmed",)})
    before = {"full_name": _name(work, user_id), **_told(details_of(work, user_id))}
    work.db.execute(sa.update(users).where(users.c.id == user_id).values(full_name=full_name))
    write_details(work, user_id, details)
    changed = changes(before, {"full_name": full_name, **_told(details)})
    detail = {"fields": sorted(changed["after"]), **changed}
    record(work, "account.profile_update", detail=detail)


def details_lines(details: Details) -> tuple[str, ...]:
    """Every text in which somebody says something of themselves."""
    return tuple(str(text) for text in asdict(details).values())


def _told(details: Details) -> dict[str, str]:
    """What the audit log keeps: of a long text only that there was one."""
    return asdict(details) | {"readme": f"{len(details.readme)} characters"}


def public_email_of(call: Call, user_id: int) -> str:
    """The address that somebody shows to everybody, while it is confirmed and theirs; or empty."""
    shown: str | None = call.db.scalar(
        sa.select(emails.c.email)
        .join(profiles, profiles.c.public_email == emails.c.key)
        .where(profiles.c.namespace_id == user_id, emails.c.user_id == user_id)
    )
    return shown or ""


def write_details(work: Work, namespace_id: int, details: Details) -> None:
    """Keep what a person or an organisation says; the caller checked it."""
    values = asdict(details)
    fresh = upsert(work.db, profiles).values(namespace_id=namespace_id, **values)
    work.db.execute(fresh.on_conflict_do_update(index_elements=["namespace_id"], set_=values))


def _name(call: Call, user_id: int) -> str:
    return call.db.scalar(sa.select(users.c.full_name).where(users.c.id == user_id)) or ""


def require_sound(full_name: str, details: Details) -> None:
    """Refuse what breaks a rule.

    Raises:
        InvalidFields: with what is wrong with each field.
    """
    named = full_name_faults(full_name) if full_name else ("full_name.empty",)
    faults = {"full_name": named, **detail_faults(details)}
    broken = {name: keys for name, keys in faults.items() if keys}
    if broken:
        raise InvalidFields(broken)


def detail_faults(details: Details) -> dict[str, tuple[str, ...]]:
    """Message keys of what breaks a rule, by field."""
    return {
        "bio": ("bio.too_long",) if len(details.bio) > LONGEST_BIO else (),
        "homepage": () if _is_address(details.homepage) else ("homepage.invalid",),
        "affiliation": line_faults(details.affiliation),
        "interests": _line_faults(details.interests),
        "readme": ("readme.too_long",) if len(details.readme) > LONGEST_README else (),
        **{site: _handle_faults(site, getattr(details, site)) for site in SITES},
    }


def _line_faults(text: str) -> tuple[str, ...]:
    if len(text) > LONGEST_LINE:
        return ("interests.too_long",)
    return () if text.isprintable() else ("full_name.unseen",)


def _is_address(text: str) -> bool:
    if not text:
        return True
    if len(text) > LONGEST_LINE or not text.isprintable() or any(mark in text for mark in ' <>"'):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc


def _handle_faults(site: str, handle: str) -> tuple[str, ...]:
    return () if not handle or SITES[site][1].fullmatch(handle) else ("handle.invalid",)
