"""What this room holds of a person: texts stay without a name, the rest goes with them."""

from __future__ import annotations

from typing import Final

from strata.community.attachments.tables import attachments
from strata.community.collections.tables import collection_upvotes, collections
from strata.community.discussions.tables import (
    discussion_edits,
    discussion_events,
    discussion_reactions,
    discussions,
)
from strata.community.follows.tables import follows
from strata.community.inbox.tables import notifications
from strata.core.personal import Kept, Part, Personal, rows_of
from strata.events.webhooks.tables import webhooks
from strata.repos.tables import repos

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
            rows_of(
                discussions.c.author_id,
                repos.c.type,
                repos.c.namespace,
                repos.c.name,
                discussions.c.number,
                discussions.c.title,
                discussions.c.status,
                discussions.c.is_pull_request,
                discussions.c.created_at,
                source=discussions.join(repos, repos.c.id == discussions.c.repo_id),
            ),
        ),
        Part(
            "comments",
            rows_of(
                discussion_events.c.author_id,
                discussion_events.c.key,
                discussion_events.c.discussion_id,
                discussion_events.c.kind,
                discussion_events.c.content,
                discussion_events.c.created_at,
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
            "follows", rows_of(follows.c.follower_id, follows.c.followed_id, follows.c.created_at)
        ),
        Part(
            "notifications",
            rows_of(
                notifications.c.user_id,
                notifications.c.thread,
                notifications.c.reason,
                notifications.c.event,
                notifications.c.at,
                notifications.c.unread,
                notifications.c.done,
                notifications.c.muted,
            ),
        ),
        Part(
            "webhooks",
            rows_of(
                webhooks.c.owner_id,
                webhooks.c.key,
                webhooks.c.url,
                webhooks.c.created_at,
                webhooks.c.disabled_at,
            ),
        ),
    ),
)
