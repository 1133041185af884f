"""Names of people and organisations: which are allowed, and who has them.

Both share one namespace, compared without case. People choose names by the narrow rule; operators
may also create the wider set that public hubs have issued over the years.
"""

from __future__ import annotations

import re
import secrets
import string
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import sqlalchemy as sa

from strata.accounts.tables import former_names, namespaces, users
from strata.core.call import Call, Work
from strata.core.errors import AlreadyExists
from strata.lib.db.database import Prepared
from strata.lib.db.statements import upsert

SHORTEST = 2
LONGEST = 42
LONGEST_FULL_NAME = 100
_NEW = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9]))*", re.ASCII)
_LEGACY = re.compile(r"[A-Za-z0-9._-]{1,96}", re.ASCII)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# First segments of our own paths: an account of that name could not be reached.
RESERVED_PATHS = _words("""
    .well-known about account accounts admin agree api api-inference assets auth avatars blob blog
    buckets cdn chat collections compare contact content-guidelines datasets datasets-server
    deploy device discussions docs download email_confirmation embed enterprise explore faq
    favicon.ico files forgot-password front git graphql guidelines healthz help home inbox
    internal jobs join kernels languages legal lfs licenses login logout mail metrics mirror
    models new new-bucket new-dataset new-kernel new-model new-space notifications oauth
    organizations org papers ping posts pricing privacy pro public raw readyz register
    reset-password resolve robots.txt root search security settings share sign-in sign-up signup
    sitemap.xml space spaces ssh static status storage support system tasks team terms
    terms-of-service tokens tree upload uploads user users v1 v2 verify-email webhooks
    well-known www xet . ..
""")

# Names that would pass for somebody else; operators may still create them for a mirror.
RESERVED_WORDS = frozenset(
    {"anonymous", "deleted", "ghost", "hf", "huggingface", "me", "null", "undefined"}
)

# Ids without a namespace that clients know by heart (product §1.6): `/glue` must redirect.
LEGACY_REPO_NAMES = _words("""
    ag_news albert-base-v2 bert-base-cased bert-base-chinese bert-base-multilingual-cased
    bert-base-uncased bert-large-uncased cifar10 cifar100 cnn_dailymail distilbert-base-uncased
    distilgpt2 distilroberta-base glue gpt2 gpt2-large gpt2-medium gpt2-xl imdb mnist roberta-base
    roberta-large squad squad_v2 super_glue t5-11b t5-3b t5-base t5-large t5-small wikitext
    xlm-roberta-base xlm-roberta-large xlnet-base-cased
""")

KEPT = timedelta(days=180)  # a name that was given up stays with whoever had it
SUGGESTED_LENGTH = 36
NUMBERED_SUGGESTIONS = 8

_BEARER = Prepared("SELECT id, name, kind FROM namespaces WHERE key = :key")


class Kind(StrEnum):
    """What bears a name."""

    USER = "user"
    ORGANIZATION = "organization"


@dataclass(frozen=True, slots=True)
class Namespace:
    """Who has a name."""

    id: int
    name: str  # canonical casing
    kind: Kind


def faults(name: str, *, site_name: str, operator: bool = False) -> tuple[str, ...]:
    """Message keys of the rules that a new name breaks: `name.invalid` or `name.reserved`."""
    if not _allowed(name, operator=operator):
        return ("name.invalid",)
    key = name.lower()
    reserved = key in RESERVED_PATHS
    if not operator:
        reserved = reserved or key in RESERVED_WORDS or key in LEGACY_REPO_NAMES
        reserved = reserved or key == site_name.strip().lower()
    return ("name.reserved",) if reserved else ()


def _allowed(name: str, *, operator: bool) -> bool:
    if operator:
        return _LEGACY.fullmatch(name) is not None
    return (
        SHORTEST <= len(name) <= LONGEST and _NEW.fullmatch(name) is not None and not name.isdigit()
    )


def full_name_faults(full_name: str) -> tuple[str, ...]:
    """Message keys of the rules that a full name breaks, of a person or an organisation."""
    if len(full_name) > LONGEST_FULL_NAME:
        return ("full_name.too_long",)
    strange = "://" in full_name or any(letter in "<>" for letter in full_name)
    return ("full_name.invalid",) if strange or not full_name.isprintable() else ()


def claim(work: Work, name: str, kind: Kind = Kind.USER) -> int:
    """Take a name for ever; returns the id that its owner has.

    Raises:
        AlreadyExists: with the key `name.taken`.
    """
    if _is_kept(work, name):
        raise AlreadyExists("name.taken")
    fresh = upsert(work.db, namespaces).values(key=name.lower(), name=name, kind=kind.value)
    claimed = work.db.execute(fresh.on_conflict_do_nothing().returning(namespaces.c.id)).first()
    if claimed is None:
        raise AlreadyExists("name.taken")
    return int(claimed.id)


def find(call: Call, name: str) -> Namespace | None:
    """Who has the name, whatever its casing."""
    if "\0" in name:  # PostgreSQL refuses even to look for it
        return None
    row = _BEARER.row(call.db, {"key": name.lower()})
    return Namespace(row[0], row[1], Kind(row[2])) if row else None


def known(call: Call, name: str) -> Namespace | None:
    """As `find`, of those that the caller may know: nobody else hears of an unconfirmed account."""
    found = find(call, name)
    return found if found and found.id in known_among(call, [found.id]) else None


def known_among(call: Call, namespace_ids: Iterable[int]) -> frozenset[int]:
    """Those whose names anybody may know: organisations, confirmed people, and the caller."""
    wanted = set(namespace_ids)
    if call.actor.system:
        return frozenset(wanted)
    confirmed = sa.or_(namespaces.c.kind != Kind.USER, users.c.verified_at.is_not(None))
    rows = call.db.scalars(
        sa.select(namespaces.c.id)
        .outerjoin(users, users.c.id == namespaces.c.id)
        .where(
            namespaces.c.id.in_(sorted(wanted)),
            sa.or_(confirmed, namespaces.c.id == call.actor.user_id),
        )
    )
    return frozenset(rows)


def bears(work: Work, namespace_id: int, name: str) -> bool:
    """Whether an account has this name now; until the transaction ends it gets no other."""
    mine = sa.select(namespaces.c.name).where(namespaces.c.id == namespace_id)
    return work.db.scalar(mine.with_for_update(read=True)) == name


def is_free(call: Call, name: str, namespace_id: int | None = None) -> bool:
    """Whether nobody has the name, nor had it until lately; to `namespace_id` its own are free."""
    found = find(call, name)
    return (found is None or found.id == namespace_id) and not _is_kept(call, name, namespace_id)


def _is_kept(call: Call, name: str, namespace_id: int | None = None) -> bool:
    """Whether somebody else gave the name up less than `KEPT` ago."""
    kept = sa.select(former_names.c.key).where(
        former_names.c.key == name.lower(),
        former_names.c.left_at > call.now - KEPT,
        former_names.c.namespace_id != (namespace_id or 0),
    )
    return call.db.execute(kept).first() is not None


def beginning(call: Call, text: str, limit: int) -> list[Namespace]:
    """Names that begin like this, whatever the casing; whoever shows them asks whom it may show."""
    if "\0" in text:  # PostgreSQL refuses even to look for it
        return []
    columns = (namespaces.c.id, namespaces.c.name, namespaces.c.kind)
    rows = call.db.execute(
        sa.select(*columns)
        .where(namespaces.c.key.startswith(text.lower(), autoescape=True))
        .order_by(namespaces.c.key)
        .limit(limit)
    )
    return [Namespace(row[0], row[1], row[2]) for row in rows]


def suggest(call: Call, email: str) -> str:
    """A free name made of what stands before the @ of an address."""
    stem = _stem(email.partition("@")[0])
    numbered = (f"{stem}-{number}" for number in range(2, 2 + NUMBERED_SUGGESTIONS))
    site_name = call.hub.settings.site_name
    for candidate in (stem, *numbered):
        if not faults(candidate, site_name=site_name) and is_free(call, candidate):
            return candidate
    return f"{stem}-{_letters(4)}"


def _stem(local_part: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", local_part).encode("ascii", "ignore").decode()
    dashed = re.sub(r"[^A-Za-z0-9]+", "-", ascii_only).strip("-")[:SUGGESTED_LENGTH].strip("-")
    if len(dashed) < SHORTEST or dashed.isdigit():
        return f"user-{_letters(4)}"
    return dashed


def _letters(count: int) -> str:
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(count))
