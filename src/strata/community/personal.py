"""What this room holds of a person: texts stay without a name, the rest goes with them."""

from __future__ import annotations

from typing import Final

from strata.accounts.tables import namespaces
from strata.community.attachments.tables import attachments
from strata.community.collections.tables import (
    collection_items,
    collection_upvotes,
    collections,
)
from strata.community.discussions.tables import (
    discussion_edits,
    discussion_events,
    discussion_reactions,
    discussions,
)
from strata.community.follows.tables import follows
from strata.community.inbox.tables import notifications
from strata.core.personal import Kept, Part, Personal, rows_of
from strata.events.webhooks.tables import webhook_watches, webhooks
from strata.repos.owning.exported import naming

_inner = collections.alias()

PERSONAL: Final = Personal(
    kept=(
        Kept(discussions.c.author_id, "stay"),
        Kept(discussion_events.c.author_id, "stay"),
        Kept(discussion_edits.c.author_id, "stay"),
        Kept(discussion_reactions.c.user_id, "stay"),
        Kept(attachments.c.user_id, "stay"),
        Kept(collections.c.owner_id, "delete"),
        Kept(collection_upvotes.c.user_id, "delete"),
        Kept(follows.c.follower_id, "delete"),
        Kept(follows.c.followed_id, "delete"),
        Kept(notifications.c.user_id, "delete"),
        Kept(notifications.c.actor_id, "unname"),
        Kept(webhooks.c.owner_id, "delete"),
    ),
    parts=(
        Part(
            "discussions",
            naming(
                rows_of(
                    discussions.c.author_id,
                    discussions.c.repo_id,
                    discussions.c.number,
                    discussions.c.title,
                    discussions.c.status,
                    discussions.c.is_pull_request,
                    discussions.c.created_at,
                ),
            ),
        ),
        Part(
            "comments",
            naming(
                rows_of(
                    discussion_events.c.author_id,
                    discussions.c.repo_id,
                    discussions.c.number,
                    discussion_events.c.key,
                    discussion_events.c.kind,
                    discussion_events.c.content,
                    discussion_events.c.created_at,
                    source=discussion_events.join(discussions),
                ),
            ),
        ),
        Part(
            "collections",
            rows_of(
                collections.c.owner_id,
                collections.c.key,
                collections.c.title,
                collections.c.description,
                collections.c.private,
                collections.c.created_at,
            ),
        ),
        Part(
            "collection-items",
            naming(
                rows_of(
                    collections.c.owner_id,
                    collections.c.key.label("collection"),
                    collection_items.c.repo_id,
                    _inner.c.key.label("holds"),
                    collection_items.c.note,
                    collection_items.c.added_at,
                    source=collections.join(
                        collection_items, collection_items.c.collection_id == collections.c.id
                    ).outerjoin(_inner, _inner.c.id == collection_items.c.child_id),
                    order=collection_items.c.id,
                ),
            ),
        ),
        Part(
            "follows",
            rows_of(
                follows.c.follower_id,
                namespaces.c.name,
                follows.c.created_at,
                source=follows.join(namespaces, namespaces.c.id == follows.c.followed_id),
            ),
        ),
        Part(
            "notifications",
            naming(
                rows_of(
                    notifications.c.user_id,
                    notifications.c.repo_id,
                    notifications.c.thread,
                    notifications.c.reason,
                    notifications.c.event,
                    notifications.c.at,
                    notifications.c.unread,
                    notifications.c.done,
                    notifications.c.muted,
                ),
            ),
        ),
        Part(
            "webhooks",
            rows_of(
                webhooks.c.owner_id,
                webhooks.c.key,
                webhooks.c.url,
                webhooks.c.created_at,
                webhooks.c.on_repos,
                webhooks.c.on_discussions,
                webhooks.c.disabled_at,
            ),
        ),
        Part(
            "webhook-watches",
            rows_of(
                webhooks.c.owner_id,
                webhooks.c.key.label("webhook"),
                webhook_watches.c.type,
                webhook_watches.c.name,  # as its owner chose it
                source=webhooks.join(webhook_watches),
                order=webhook_watches.c.id,
            ),
        ),
    ),
)
