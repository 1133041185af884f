"""Access tokens in what people write: discussions and collections."""

from dataclasses import replace

import pytest

from fixtures.accounts import calling, inbox, made
from fixtures.contents import created
from fixtures.large_files import access_token
from fixtures.programs import granted, refreshed, renewed
from strata.community.collections import edit as collections, items, queries
from strata.community.collections.edit import Changes
from strata.community.collections.items import Addition, ItemChange
from strata.community.discussions import thread
from strata.community.discussions.opening import open_discussion
from strata.community.discussions.revealed import RevokeSaid, look_through_said
from strata.community.pulls.propose import propose
from strata.content.writing.operations import Add, Change
from strata.core.actor import SYSTEM, Actor
from strata.core.call import working
from strata.core.errors import Unprocessable
from strata.core.hub import Hub
from strata.credentials.tokens.presented import recognising
from strata.events.tables import jobs
from strata.repos.change import Settings, change_settings


@pytest.fixture
def ana(hub: Hub) -> Actor:
    return made(hub, "ana")


@pytest.fixture
def value(hub: Hub, ana: Actor) -> str:
    """A token of ana's that works."""
    return access_token(hub, ana)


def works(hub: Hub, value: str) -> bool:
    with calling(hub) as call:
        return recognising.actor_for_token(call.db, hub, value) is not None


def test_nobody_writes_one_beside_a_public_repo(hub: Hub, ana: Actor, value: str) -> None:
    public, private = created(hub, ana, "open"), created(hub, ana, "own", private=True)
    text = f"Look:\n\n    {value}"
    with calling(hub, ana) as call:
        number = open_discussion(call, public.repo_id, "A title", "fine").number
        with pytest.raises(Unprocessable) as refused:
            open_discussion(call, public.repo_id, "A title", text)
        assert "In line 3 of this text" in refused.value.message
        assert value not in refused.value.message
        with pytest.raises(Unprocessable):
            thread.comment(call, public.repo_id, number, text)
        event = thread.comment(call, public.repo_id, number, "fine")
        with pytest.raises(Unprocessable):
            thread.edit(call, public.repo_id, number, event.key, text)
        open_discussion(call, private.repo_id, "A title", text)
    assert works(hub, value)


def test_nor_what_an_application_refreshes_with(hub: Hub, ana: Actor) -> None:
    """What `stored_tokens` of the clients holds beside a token that may be over by then."""
    public, private = created(hub, ana, "open"), created(hub, ana, "own", private=True)
    first = granted(hub, ana).refresh_token
    following = renewed(hub, first).refresh_token
    with calling(hub, ana) as call:
        with pytest.raises(Unprocessable):
            open_discussion(call, public.repo_id, "A title", f"refresh_token = {following}")
        open_discussion(call, public.repo_id, "A title", f"refresh_token = {first}")  # used up
        open_discussion(call, private.repo_id, "A title", f"refresh_token = {following}")
        with working(call) as work:
            change_settings(work, private.repo_id, Settings(private=False))
    with calling(hub, SYSTEM) as call:
        RevokeSaid(private.id).run(call)
    assert refreshed(hub, following) == "invalid_grant"
    mail = inbox(hub, "ana@example.org")[-1]
    assert "leaked and was revoked" in mail.subject
    assert "ana/own" in mail.text


def test_nor_into_a_title(hub: Hub, ana: Actor, value: str) -> None:
    public = created(hub, ana, "open")
    title = f"Why does {value} not work?"
    proposal = Change(title, "", [Add("a.txt", b"x")])
    with calling(hub, ana) as call:
        number = open_discussion(call, public.repo_id, "A title", "fine").number
        with pytest.raises(Unprocessable):
            open_discussion(call, public.repo_id, title, "fine")
        with pytest.raises(Unprocessable):
            propose(call, public.repo_id, "main", proposal)
        with working(call) as work, pytest.raises(Unprocessable):
            thread.rename(work, public.repo_id, number, title)
    assert works(hub, value)


def test_what_was_said_in_private_is_revoked_when_it_is_opened(hub: Hub, ana: Actor) -> None:
    values = [access_token(hub, ana) for _ in range(4)]
    private = created(hub, ana, "own", private=True)
    other = created(hub, ana, "other", private=True)
    with calling(hub, ana) as call:
        opened = open_discussion(call, private.repo_id, f"Is {values[0]} it?", f"Or\n{values[1]}?")
        event = thread.comment(call, private.repo_id, opened.number, f"{values[2]} it is")
        thread.edit(call, private.repo_id, opened.number, event.key, "nothing")
        open_discussion(call, other.repo_id, "A title", values[3])
    telling = replace(hub, listeners=(look_through_said,))
    with calling(hub, SYSTEM) as call:
        RevokeSaid(private.id).run(call)  # it is private still
    assert all(works(hub, value) for value in values)

    with calling(telling, ana) as call, working(call) as work:
        change_settings(work, private.repo_id, Settings(private=False))
    with calling(hub, SYSTEM) as call:
        kinds = call.db.scalars(jobs.select().with_only_columns(jobs.c.kind))
        assert RevokeSaid.kind in set(kinds)
        RevokeSaid(private.id).run(call)

    assert [works(hub, value) for value in values] == [False, False, False, True]
    told = [mail for mail in inbox(hub, "ana@example.org") if "leaked" in mail.subject]
    assert len(told) == 3
    assert "ana/own, discussion 1" in told[0].text


def test_a_collection_that_everybody_reads_holds_none(hub: Hub, ana: Actor, value: str) -> None:
    created(hub, ana, "open")
    with calling(hub, ana) as call:
        for wish in (
            collections.Wish(f"My {value}"),
            collections.Wish("Fine", description=f"{value}"),
        ):
            with working(call) as work, pytest.raises(Unprocessable):
                collections.create(work, wish)
        with working(call) as work:
            shown = collections.create(work, collections.Wish("Fine"))
            hidden = collections.create(work, collections.Wish("Own", private=True))
        for changes in (Changes(title=value), Changes(description=value)):
            with working(call) as work, pytest.raises(Unprocessable):
                collections.update(work, shown.slug, changes)
        with working(call) as work, pytest.raises(Unprocessable):
            items.add(work, shown.slug, Addition("model", "ana/open", value))
        with working(call) as work:
            held = items.add(work, shown.slug, Addition("model", "ana/open", "fine"))
            items.add(work, hidden.slug, Addition("model", "ana/open", value))
            key = queries.all_items(work, held.id)[0].key
        with working(call) as work, pytest.raises(Unprocessable):
            items.change(work, shown.slug, [ItemChange(key, note=value)])
        with working(call) as work, pytest.raises(Unprocessable) as refused:
            collections.update(work, hidden.slug, Changes(private=False))
        assert value not in refused.value.message
        with working(call) as work:
            collections.update(work, hidden.slug, Changes(title="Own still"))
    assert works(hub, value)
