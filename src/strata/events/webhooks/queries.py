"""All SQL of webhooks, apart from who may know what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from strata.core.call import Call, Work
from strata.events.webhooks.record import Attempt, Delivery, Origin, State, Watched, Webhook
from strata.events.webhooks.tables import webhook_deliveries, webhook_watches, webhooks

DAY = timedelta(hours=24)

_WEBHOOK = [webhooks.c[name] for name in Webhook.__dataclass_fields__]
_DELIVERY = [webhook_deliveries.c[name] for name in Delivery.__dataclass_fields__]


def by_id(call: Call, webhook_id: int) -> Webhook | None:
    """A webhook by its row; None: it was deleted."""
    return _webhook(call, webhooks.c.id == webhook_id)


def held(work: Work, webhook_id: int) -> Webhook | None:
    """A webhook as it is now, and for as long as this work lasts; None: it is gone."""
    here = sa.select(*_WEBHOOK).where(webhooks.c.id == webhook_id).with_for_update()
    row = work.db.execute(here).first()
    return Webhook(**row._mapping) if row else None  # noqa: SLF001 — the documented way to read a Row by name


def still_there(work: Work, webhook_ids: Sequence[int]) -> set[int]:
    """Those of them that nobody takes away while this work lasts; it makes no other reader wait."""
    here = sa.select(webhooks.c.id).where(webhooks.c.id.in_(webhook_ids)).order_by(webhooks.c.id)
    return set(work.db.scalars(here.with_for_update(read=True, key_share=True)))


def by_key(call: Call, owner_id: int, key: str) -> Webhook | None:
    """A webhook of this account."""
    return _webhook(call, webhooks.c.key == key, webhooks.c.owner_id == owner_id)


def of_owner(call: Call, owner_id: int) -> list[Webhook]:
    """The webhooks of an account, newest first."""
    statement = sa.select(*_WEBHOOK).where(webhooks.c.owner_id == owner_id)
    rows = call.db.execute(statement.order_by(webhooks.c.id.desc()))
    return [Webhook(**row._mapping) for row in rows]  # noqa: SLF001 — the documented way to read a Row by name


def count_of(call: Call, owner_id: int) -> int:
    counted = sa.select(sa.func.count()).where(webhooks.c.owner_id == owner_id)
    return call.db.scalar(counted) or 0


def insert(work: Work, **values: object) -> int:
    """Keep a new webhook; its row."""
    inserted = work.db.execute(sa.insert(webhooks).values(**values))
    (webhook_id,) = inserted.inserted_primary_key or (0,)
    return int(webhook_id)


def update(work: Work, webhook_id: int, **values: object) -> None:
    work.db.execute(sa.update(webhooks).where(webhooks.c.id == webhook_id).values(**values))


def delete(work: Work, webhook_id: int) -> None:
    for table in (webhook_watches, webhook_deliveries):
        work.db.execute(sa.delete(table).where(table.c.webhook_id == webhook_id))
    work.db.execute(sa.delete(webhooks).where(webhooks.c.id == webhook_id))


def watch(work: Work, webhook_id: int, watched: Sequence[Watched]) -> None:
    """Let the webhook watch these things and no others."""
    mine = webhook_watches.c.webhook_id == webhook_id
    work.db.execute(sa.delete(webhook_watches).where(mine))
    rows = [
        {
            "webhook_id": webhook_id,
            "type": one.type,
            "name": one.name,
            "namespace_id": one.namespace_id,
            "repo_id": one.repo_id,
        }
        for one in watched
    ]
    work.db.execute(sa.insert(webhook_watches), rows)


def watched_by(call: Call, webhook_ids: Sequence[int]) -> dict[int, list[Watched]]:
    """What webhooks watch, in the order in which it was chosen."""
    rows = call.db.execute(
        sa.select(webhook_watches)
        .where(webhook_watches.c.webhook_id.in_(webhook_ids))
        .order_by(webhook_watches.c.id)
    )
    found: dict[int, list[Watched]] = {webhook_id: [] for webhook_id in webhook_ids}
    for row in rows:
        one = Watched(row.type, row.name, row.namespace_id, row.repo_id)
        found[row.webhook_id].append(one)
    return found


def take(work: Work, webhook_id: int, until: datetime) -> bool:
    """Claim the right to call a webhook; false when somebody has it."""
    free = sa.or_(webhooks.c.taken_until.is_(None), webhooks.c.taken_until <= work.now)
    taken = work.db.execute(
        sa.update(webhooks)
        .where(webhooks.c.id == webhook_id, free)
        .values(taken_until=until)
        .execution_options(preserve_rowcount=True)
    )
    return taken.rowcount == 1


def taken_until(call: Call, webhook_id: int) -> datetime | None:
    """Until when a thread has the deliveries of a webhook; None: none has."""
    until: datetime | None = call.db.scalar(
        sa.select(webhooks.c.taken_until).where(webhooks.c.id == webhook_id)
    )
    return until


def triggers(call: Call, webhook_ids: Sequence[int]) -> dict[int, int]:
    """How many deliveries were written for each webhook in the last 24 hours, to be sent."""
    return _counted(call, webhook_ids, webhook_deliveries.c.state != State.REFUSED.value)


def refusals(call: Call, webhook_ids: Sequence[int]) -> dict[int, int]:
    """How many deliveries of the last 24 hours were written to be read only."""
    return _counted(call, webhook_ids, webhook_deliveries.c.state == State.REFUSED.value)


def _counted(
    call: Call, webhook_ids: Sequence[int], which: sa.ColumnElement[bool]
) -> dict[int, int]:
    rows = call.db.execute(
        sa.select(webhook_deliveries.c.webhook_id, sa.func.count())
        .where(
            webhook_deliveries.c.webhook_id.in_(webhook_ids),
            webhook_deliveries.c.created_at > call.now - DAY,
            which,
        )
        .group_by(webhook_deliveries.c.webhook_id)
    )
    counted = {webhook_id: int(count) for webhook_id, count in rows}
    return {webhook_id: counted.get(webhook_id, 0) for webhook_id in webhook_ids}


def insert_deliveries(work: Work, rows: Sequence[dict[str, object]]) -> None:
    work.db.execute(sa.insert(webhook_deliveries), rows)


def delivery_by_key(call: Call, webhook_id: int, key: str) -> Delivery | None:
    mine = webhook_deliveries.c.webhook_id == webhook_id
    return _delivery(call, sa.select(*_DELIVERY).where(mine, webhook_deliveries.c.key == key))


def newest_deliveries(
    call: Call, webhook_id: int, *, before: str | None, limit: int
) -> list[Delivery]:
    """The log of a webhook, newest first, from behind the delivery `before`."""
    mine = webhook_deliveries.c.webhook_id == webhook_id
    statement = sa.select(*_DELIVERY).where(mine)
    if before is not None:
        last = sa.select(webhook_deliveries.c.id).where(mine, webhook_deliveries.c.key == before)
        statement = statement.where(webhook_deliveries.c.id < last.scalar_subquery())
    rows = call.db.execute(statement.order_by(webhook_deliveries.c.id.desc()).limit(limit))
    return [_as_delivery(row) for row in rows]


def due_delivery(call: Call, webhook_id: int) -> Delivery | None:
    """The delivery of a webhook that has been due for the longest time."""
    order = (webhook_deliveries.c.due_at, webhook_deliveries.c.id)
    mine = webhook_deliveries.c.webhook_id == webhook_id
    due = webhook_deliveries.c.due_at <= call.now
    return _delivery(call, sa.select(*_DELIVERY).where(mine, due).order_by(*order).limit(1))


def next_due(call: Call, webhook_id: int) -> datetime | None:
    """When the next waiting delivery of a webhook is due."""
    due: datetime | None = call.db.scalar(
        sa.select(
            sa.func.min(webhook_deliveries.c.due_at, type_=webhook_deliveries.c.due_at.type)
        ).where(webhook_deliveries.c.webhook_id == webhook_id)
    )
    return due


def note(
    work: Work, delivery: Delivery, attempt: Attempt, state: State, due_at: datetime | None
) -> None:
    """Write down what came of an attempt."""
    work.db.execute(
        sa.update(webhook_deliveries)
        .where(webhook_deliveries.c.id == delivery.id)
        .values(
            state=state.value,
            due_at=due_at,
            attempts=webhook_deliveries.c.attempts + 1,
            attempted_at=attempt.at,
            duration_ms=attempt.duration_ms,
            status=attempt.status,
            error=attempt.error,
            request_head=attempt.request_head,
            response_head=attempt.response_head,
            response_body=attempt.response_body,
        )
    )


def drop(work: Work, delivery: Delivery) -> None:
    """Let a delivery that must not be made wait no longer."""
    _drop(work, webhook_deliveries.c.id == delivery.id)


def drop_all(work: Work, webhook_id: int) -> None:
    """Let nothing wait for this webhook any longer."""
    _drop(work, webhook_deliveries.c.webhook_id == webhook_id)


def _drop(work: Work, which: sa.ColumnElement[bool]) -> None:
    waiting = webhook_deliveries.c.state == State.WAITING.value
    work.db.execute(
        sa.update(webhook_deliveries)
        .where(waiting, which)
        .values(state=State.DROPPED.value, due_at=None)
    )


def forget_deliveries(work: Work, before: datetime) -> None:
    """Remove what is older and not waiting."""
    old = webhook_deliveries.c.created_at < before
    over = webhook_deliveries.c.state != State.WAITING.value
    work.db.execute(sa.delete(webhook_deliveries).where(old, over))


def _webhook(call: Call, *conditions: sa.ColumnElement[bool]) -> Webhook | None:
    row = call.db.execute(sa.select(*_WEBHOOK).where(*conditions)).first()
    return Webhook(**row._mapping) if row else None  # noqa: SLF001 — the documented way to read a Row by name


def _delivery(call: Call, statement: sa.Select[Any]) -> Delivery | None:
    row = call.db.execute(statement).first()
    return _as_delivery(row) if row else None


def _as_delivery(row: sa.Row[Any]) -> Delivery:
    values: dict[str, Any] = dict(row._mapping)  # noqa: SLF001 — the documented way to read a Row by name
    known = {"origin": Origin(values["origin"]), "state": State(values["state"])}
    return Delivery(**{**values, **known})
