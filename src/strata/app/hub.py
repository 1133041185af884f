"""The composition root of a hub: what its parts are, and what reacts to which fact.

Nothing connects on import; two hubs can live in one process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from strata.access import personal as access
from strata.accounts import personal as accounts
from strata.accounts.legal.telling import TellOfTerms
from strata.accounts.passwords.peppers import load_peppers
from strata.accounts.profile.dropping import DropSquares
from strata.blobs.quota.listening import settle
from strata.blobs.quota.usage import CountUsage
from strata.community import personal as community
from strata.community.announcements.announce import TellEverybody
from strata.community.collections.withhold import follow_standing as withhold_collections
from strata.community.discussions.revealed import RevokeSaid, look_through_said
from strata.community.mailing.jobs import MailNews
from strata.community.pulls.commits import NoteCommits
from strata.community.pulls.rewriting import follow_rewrite
from strata.community.telling.jobs import TellPeople, TidyInbox, hear
from strata.community.webhooks.announce import announce
from strata.community.webhooks.jobs import CallWebhook, TidyWebhooks
from strata.content import personal as content
from strata.content.bucket.exposed import RevokeInBucket, look_through_bucket
from strata.content.fitting import settle_files
from strata.content.rewriting.counting import CountSmall, follow_refs
from strata.content.rewriting.naming import NameLargeFiles
from strata.content.rewriting.removal import FinishRewrite
from strata.content.rewriting.repacking import RepackRepo
from strata.content.verdicts.jobs import JudgeAgain, JudgeCommits, again
from strata.content.writing.revealed import RevokeExposed, look_through
from strata.core import instance
from strata.core.hub import Hub
from strata.core.personal import Personal
from strata.core.secrets import load_or_create
from strata.core.settings.groups.running import ObjectsSettings
from strata.core.settings.outbound import outbound_of
from strata.core.settings.places import load_places
from strata.core.settings.providers import load_providers
from strata.core.settings.tree import Settings
from strata.credentials import personal as credentials
from strata.events.audit.sealing.seal import SealFacts
from strata.events.facts import Listener
from strata.events.jobs import Job, Lane
from strata.events.mails.keeping import TidyMails
from strata.events.mails.sending import ForgetMail, SendMail
from strata.events.mails.troubles import NOTED
from strata.lib import clock
from strata.lib.db.database import Database
from strata.lib.objects.local import LocalStore
from strata.lib.objects.s3 import S3Place, S3Store
from strata.lib.objects.store import ObjectStore
from strata.membership import personal as membership
from strata.membership.emails.undeliverable import TellUndeliverable, forget_mails
from strata.membership.emails.withdrawing import withdraw_with_sign_in
from strata.membership.export.pack import PackExport
from strata.membership.failures import TellOfFailures
from strata.membership.jobs import TidyAccounts
from strata.membership.recovery import SendReset
from strata.migrations.upgrade import upgrade
from strata.organizations import personal as organizations
from strata.organizations.belonging import follow_members
from strata.organizations.demanding import TellOfDemand
from strata.repos import personal as repos
from strata.repos.owning.given_up import follow_names
from strata.repos.owning.withhold import follow_standing as withhold_repos
from strata.repos.personal import take_away
from strata.repos.requests.digest import TellOfRequests
from strata.search.indexing.index import IndexRepo
from strata.search.trending.scores import CountTrending, RollTrending
from strata.sessions import personal as sessions
from strata.sessions.entering.waiting import SendLogInLink
from strata.sessions.entering.warning import WarnOfGuesses, WarnOfSpraying
from strata.sessions.protecting.removal import RemoveFactors

JOBS: Mapping[str, type[Job]] = {
    job.kind: job
    for job in (
        SendMail,
        ForgetMail,
        TidyMails,
        TellUndeliverable,
        TellOfTerms,
        TellOfDemand,
        TellOfFailures,
        PackExport,
        DropSquares,
        SendReset,
        SendLogInLink,
        WarnOfGuesses,
        WarnOfSpraying,
        RemoveFactors,
        SealFacts,
        IndexRepo,
        NameLargeFiles,
        FinishRewrite,
        NoteCommits,
        RepackRepo,
        JudgeCommits,
        JudgeAgain,
        RevokeExposed,
        RevokeInBucket,
        RevokeSaid,
        TellOfRequests,
        TidyAccounts,
        CountUsage,
        CountSmall,
        CallWebhook,
        TidyWebhooks,
        TellPeople,
        TidyInbox,
        MailNews,
        TellEverybody,
        CountTrending,
        RollTrending,
    )
}

# Strangers choose whom these wait for, so they run beside the others.
WAITING = Lane(only=frozenset({CallWebhook.kind}))
# The mail server may be slow, or away.
MAILING = Lane(only=frozenset({SendMail.kind}))
# Reading a whole repo: an upload of many commits is gathered and read once.
GATHERING = Lane(
    only=frozenset(
        {
            IndexRepo.kind,
            NameLargeFiles.kind,
            FinishRewrite.kind,
            RepackRepo.kind,
            JudgeCommits.kind,
            JudgeAgain.kind,
            RevokeExposed.kind,
            RevokeInBucket.kind,
            RevokeSaid.kind,
        }
    )
)
PROMPT = Lane(never=WAITING.only | MAILING.only | GATHERING.only)

# What reacts to which fact. Reactions read the state they find, so one job covers several facts.
REACTIONS: Mapping[str, tuple[str, ...]] = {
    "repo.content": (IndexRepo.kind, NoteCommits.kind, NameLargeFiles.kind, JudgeCommits.kind),
    "repo.update_settings": (IndexRepo.kind,),
    "repo.delete": (IndexRepo.kind,),
    NOTED: (TellUndeliverable.kind,),
}

# What settles each fact within its own transaction.
LISTENERS: tuple[Listener, ...] = (
    settle,
    settle_files,
    follow_refs,
    announce,
    hear,
    again,
    withhold_repos,
    withhold_collections,
    follow_rewrite,
    take_away,
    forget_mails,
    follow_names,
    look_through,
    look_through_bucket,
    look_through_said,
    withdraw_with_sign_in,
    follow_members,
)

# What the rooms hold of people: for the copy they may ask for, and for when they leave.
PERSONAL: tuple[Personal, ...] = (
    membership.PERSONAL,
    credentials.PERSONAL,
    sessions.PERSONAL,
    organizations.PERSONAL,
    accounts.PERSONAL,
    access.PERSONAL,
    repos.PERSONAL,
    content.PERSONAL,
    community.PERSONAL,
)


def load_hub(settings: Settings, *, now: Callable[[], datetime] = clock.now) -> Hub:
    """Open what the settings name and bring the schema up to date."""
    places, peppers = load_places(settings), load_peppers(settings)
    settings.data.mkdir(mode=0o750, parents=True, exist_ok=True)
    # A job keeps its connection while it waits for a target.
    threads = settings.server.threads + settings.webhooks.concurrent + settings.mail.concurrent
    threads += settings.accounts.password_hash_slots
    database = Database(settings.database_url, pool_size=threads)
    upgrade(database)
    key = instance.key_of(database)
    held = load_or_create(settings.secret_key, settings.data, settings.former_secret_keys)
    return Hub(
        settings=settings,
        database=database,
        objects=_objects(settings, now),
        secrets=instance.with_lasting(database, held),
        clock=now,
        instance=key,
        reactions=REACTIONS,
        listeners=LISTENERS,
        providers=load_providers(settings.logins.file if settings.logins.file.name else None),
        personal=PERSONAL,
        peppers=peppers,
        places=places,
        outbound=outbound_of(settings),
    )


def _objects(settings: Settings, now: Callable[[], datetime]) -> ObjectStore:
    if not settings.objects.url:
        return LocalStore(settings.data)
    staging = settings.data / "staging"
    staging.mkdir(parents=True, exist_ok=True)
    return S3Store(_place(settings.objects), staging, now)


def _place(objects: ObjectsSettings) -> S3Place:
    address = urlsplit(objects.url)
    return S3Place(
        bucket=address.netloc,
        prefix=address.path.strip("/"),
        endpoint=objects.endpoint or f"https://s3.{objects.region}.amazonaws.com",
        region=objects.region,
        access_key=objects.access_key,
        secret_key=objects.secret_key,
    )
