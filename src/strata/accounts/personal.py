"""What this room holds of a person."""

from __future__ import annotations

from typing import Final

from strata.accounts.factors.tables import (
    authenticators,
    factor_removals,
    halfway,
    mailed_codes,
    passkeys,
    recovery_codes,
    remembered_devices,
)
from strata.accounts.legal.tables import consents
from strata.accounts.notices.tables import (
    heeded_repos,
    notice_choices,
    notice_times,
    watched_accounts,
)
from strata.accounts.plans.tables import (
    plan_claims,
    plan_grants,
    plan_requests,
    quota_overrides,
    usages,
)
from strata.accounts.profile.tables import preferences, profiles
from strata.accounts.tables import emails, former_names, namespaces, users
from strata.core.personal import Kept, Part, Personal, rows_of

_PREFERENCES = tuple(column for column in preferences.c if column.name != "user_id")
_PROFILE = tuple(column for column in profiles.c if column.name != "namespace_id")

PERSONAL: Final = Personal(
    kept=(
        Kept(authenticators.c.user_id, "delete"),
        Kept(recovery_codes.c.user_id, "delete"),
        Kept(passkeys.c.user_id, "delete"),
        Kept(halfway.c.user_id, "delete"),
        Kept(remembered_devices.c.user_id, "delete"),
        Kept(factor_removals.c.user_id, "delete"),
        Kept(mailed_codes.c.user_id, "delete"),
        Kept(emails.c.user_id, "delete"),
        Kept(consents.c.user_id, "delete"),
        Kept(plan_grants.c.owner_id, "delete"),
        Kept(plan_claims.c.owner_id, "delete"),
        Kept(plan_requests.c.owner_id, "delete"),
        Kept(quota_overrides.c.owner_id, "delete"),
        Kept(usages.c.owner_id, "delete"),
        Kept(profiles.c.namespace_id, "delete"),
        Kept(preferences.c.user_id, "delete"),
        Kept(notice_choices.c.user_id, "delete"),
        Kept(notice_times.c.user_id, "delete"),
        Kept(heeded_repos.c.user_id, "delete"),
        Kept(watched_accounts.c.user_id, "delete"),
        Kept(watched_accounts.c.namespace_id, "delete"),
        Kept(former_names.c.namespace_id, "stay"),  # kept from others for a while
        Kept(users.c.id, "stay"),  # emptied by `closing.gone`
    ),
    parts=(
        Part(
            "account",
            rows_of(
                users.c.id,
                users.c.public_id,
                namespaces.c.name,
                users.c.full_name,
                users.c.email,
                users.c.verified_at,
                users.c.language,
                users.c.created_at,
                users.c.last_login_at,
                users.c.password_at,
                source=users.join(namespaces),
            ),
        ),
        Part("profile", rows_of(profiles.c.namespace_id, *_PROFILE)),
        Part("preferences", rows_of(preferences.c.user_id, *_PREFERENCES)),
        Part(
            "notification-choices",
            rows_of(
                notice_choices.c.user_id,
                notice_choices.c.kind,
                notice_choices.c.web,
                notice_choices.c.mail,
            ),
        ),
        Part(
            "notification-times",
            rows_of(
                notice_times.c.user_id,
                notice_times.c.digest,
                notice_times.c.quiet_from,
                notice_times.c.quiet_until,
            ),
        ),
        Part(
            "watched-accounts",
            rows_of(
                watched_accounts.c.user_id,
                namespaces.c.name,
                watched_accounts.c.since,
                source=watched_accounts.join(
                    namespaces, namespaces.c.id == watched_accounts.c.namespace_id
                ),
            ),
        ),
        Part("emails", rows_of(emails.c.user_id, emails.c.email, emails.c.confirmed_at)),
        Part(
            "consents",
            rows_of(
                consents.c.user_id,
                consents.c.document,
                consents.c.version,
                consents.c.sha256,
                consents.c.language,
                consents.c.accepted_at,
                consents.c.ip,
                consents.c.user_agent,
                consents.c.method,
            ),
        ),
        Part(
            "passkeys",
            rows_of(passkeys.c.user_id, passkeys.c.name, passkeys.c.created_at, passkeys.c.used_at),
        ),
        Part(
            "remembered-devices",
            rows_of(
                remembered_devices.c.user_id,
                remembered_devices.c.ip,
                remembered_devices.c.user_agent,
                remembered_devices.c.created_at,
                remembered_devices.c.expires_at,
            ),
        ),
    ),
)
