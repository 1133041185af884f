"""What people say and do in discussions, and who may."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from fixtures.contents import created, side_by_side
from fixtures.hubs import FrozenClock
from fixtures.large_files import BASE_URL, calling, person, working_as
from strata.community.discussions import thread
from strata.community.discussions.opening import open_discussion
from strata.community.discussions.queries import Event, Filter, Sort
from strata.community.discussions.reading import Details, details, list_discussions
from strata.community.pulls import merging
from strata.core.actor import ANONYMOUS, Actor, TokenFacts, TokenRole
from strata.core.errors import (
    Conflict,
    Forbidden,
    Malformed,
    NotFound,
    RepoNotFound,
    StrataError,
    TooLarge,
    TooMany,
    Unauthenticated,
)
from strata.core.hub import Hub
from strata.core.names import RepoId
from strata.events.tables import facts
from strata.repos import change
from strata.repos.record import Repo


def opened(
    hub: Hub, actor: Actor, repo: Repo, title: str = "A question", text: str = "Why?"
) -> int:
    with calling(hub, actor) as call:
        return open_discussion(call, repo.repo_id, title, text).number


def said(hub: Hub, actor: Actor, repo: Repo, number: int, text: str) -> Event:
    with calling(hub, actor) as call:
        return thread.comment(call, repo.repo_id, number, text)


def edited(hub: Hub, actor: Actor, repo: Repo, event: Event, text: str, number: int = 1) -> Event:
    with calling(hub, actor) as call:
        return thread.edit(call, repo.repo_id, number, event.key, text)


def seen(hub: Hub, repo: Repo, number: int = 1, actor: Actor = ANONYMOUS) -> Details:
    with calling(hub, actor) as call:
        return details(call, repo.repo_id, number)


def told(hub: Hub) -> list[tuple[str, object]]:
    """The facts of discussions, and what changed."""
    with calling(hub, ANONYMOUS) as call:
        rows = call.db.execute(sa.select(facts.c.name, facts.c.detail).order_by(facts.c.id))
        return [
            (row.name, row.detail.get("change"))
            for row in rows
            if row.name.startswith("discussion")
        ]


def switched(hub: Hub, owner: Actor, repo: Repo, *, disabled: bool) -> None:
    with working_as(hub, owner) as work:
        change.change_settings(work, repo.repo_id, change.Settings(discussions_disabled=disabled))


def test_a_discussion_has_its_description_as_first_comment(
    hub: Hub, reader: Actor, repo: Repo
) -> None:
    assert opened(hub, reader, repo, "  A   question ", "Why **so**?") == 1
    found = seen(hub, repo)
    one = found.discussion
    assert (one.title, one.status, one.is_pull_request) == ("A question", "open", False)
    assert one.author is not None
    assert (one.author.name, one.comments) == ("bob", 1)
    (event,) = found.events
    assert (event.kind, event.content["text"]) == ("comment", "Why **so**?")
    assert found.html[event.key] == "<p>Why <strong>so</strong>?</p>\n"
    assert (found.sides, found.conflicts, found.diff) == (None, (), None)
    assert seen(hub, repo) == found


def test_every_act_answers_the_event_that_is_read_later(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo, clock: FrozenClock
) -> None:
    opened(hub, reader, repo)
    answers = {}
    for actor in (reader, owner):
        clock.advance(timedelta(seconds=1.2345))
        event = said(hub, actor, repo, 1, "Hello")
        answers[event.key] = edited(hub, actor, repo, event, "Hello *you*")
        with working_as(hub, actor) as work:
            answers[event.key] = thread.react(work, repo.repo_id, 1, event.key, "🔥", given=True)
            titled = thread.rename(work, repo.repo_id, 1, f"By {actor.name}")
        answers[titled.key] = titled
    with calling(hub, reader) as call:
        closed = thread.change_status(call, repo.repo_id, 1, "closed", "Enough")
    with working_as(hub, owner) as work:
        pinned = thread.pin(work, repo.repo_id, 1, pinned=True)
        locked = thread.lock(work, repo.repo_id, 1, locked=True)
    answers |= {event.key: event for event in (closed, pinned, locked)}
    found = seen(hub, repo)
    later = {event.key: event for event in found.events}
    assert {key: later[key] for key in answers} == answers
    kinds = [event.kind for event in found.events]
    assert kinds == [
        *("comment", "comment", "title-change", "comment", "title-change"),
        *("comment", "status-change", "pinning-change", "locking-change"),
    ]
    assert (found.discussion.comments, found.discussion.reactions) == (4, 2)
    assert found.events[2].content == {"from": "A question", "to": "By bob"}
    assert found.events[4].content == {"from": "By bob", "to": "By ana"}


def test_an_edit_keeps_what_was_said_before(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo, clock: FrozenClock
) -> None:
    opened(hub, reader, repo)
    first = said(hub, reader, repo, 1, "one")
    clock.advance(timedelta(minutes=1))
    edited(hub, reader, repo, first, "two")
    assert edited(hub, reader, repo, first, "two") == seen(hub, repo).events[1], "nothing changed"
    clock.advance(timedelta(minutes=1))
    now = edited(hub, owner, repo, first, "three")
    assert [version.content["text"] for version in now.history] == ["one", "two"]
    assert [version.author and version.author.name for version in now.history] == ["bob", "bob"]
    assert now.history[0].written_at == first.created_at
    assert now.history[1].written_at == first.created_at + timedelta(minutes=1)
    assert now.author is not None
    assert now.editor is not None
    assert (now.content["text"], now.author.name, now.editor.name) == ("three", "bob", "ana")


def test_hiding_takes_away_what_a_comment_ever_said(
    hub: Hub, owner: Actor, reader: Actor, other: Actor, repo: Repo
) -> None:
    opened(hub, reader, repo)
    event = said(hub, reader, repo, 1, "A secret")
    edited(hub, reader, repo, event, "Another secret")
    with pytest.raises(Forbidden), working_as(hub, other) as work:
        thread.hide(work, repo.repo_id, 1, event.key)
    with working_as(hub, owner) as work:
        hidden = thread.hide(work, repo.repo_id, 1, event.key)
    assert (hidden.hidden, hidden.content, hidden.history) == (True, {}, ())
    assert "secret" not in repr(seen(hub, repo, actor=owner))
    with pytest.raises(Conflict):
        edited(hub, reader, repo, event, "Again")
    with pytest.raises(Conflict), working_as(hub, reader) as work:
        thread.react(work, repo.repo_id, 1, event.key, "🔥", given=True)
    with pytest.raises(Conflict), working_as(hub, owner) as work:
        thread.hide(work, repo.repo_id, 1, event.key)


def test_states_change_only_where_they_can(hub: Hub, reader: Actor, repo: Repo) -> None:
    opened(hub, reader, repo)
    with calling(hub, reader) as call:
        with pytest.raises(Conflict):
            thread.change_status(call, repo.repo_id, 1, "open")
        thread.change_status(call, repo.repo_id, 1, "closed")
        with pytest.raises(Conflict):
            thread.change_status(call, repo.repo_id, 1, "closed", "not said either")
        thread.change_status(call, repo.repo_id, 1, "open", "On we go")
    found = seen(hub, repo)
    assert found.discussion.status == "open"
    assert [event.kind for event in found.events] == [
        *("comment", "status-change", "comment", "status-change"),
    ]


def test_a_draft_is_published_once(hub: Hub, owner: Actor, reader: Actor, repo: Repo) -> None:
    with calling(hub, reader) as call:
        made = open_discussion(call, repo.repo_id, "Draft it", "", pull_request=True)
        assert details(call, repo.repo_id, made.number).discussion.status == "draft"
        thread.change_status(call, repo.repo_id, made.number, "open")
        thread.change_status(call, repo.repo_id, made.number, "closed")
        thread.change_status(call, repo.repo_id, made.number, "open")
        thread.change_status(call, repo.repo_id, made.number, "closed")
    with working_as(hub, owner) as work:
        merging.delete_ref(work, repo.repo_id, made.number)
    with calling(hub, reader) as call, pytest.raises(Conflict, match="ref"):
        thread.change_status(call, repo.repo_id, made.number, "open")


def test_marks_become_links_and_are_told(hub: Hub, owner: Actor, reader: Actor, repo: Repo) -> None:
    opened(hub, reader, repo)
    event = said(hub, reader, repo, 1, "@ana, @nobody-here: see #1, #9 and `@bob`")
    html = seen(hub, repo).html[event.key]
    assert '<a href="/ana" rel="nofollow noopener">@ana</a>' in html
    assert '<a href="/ana/one/discussions/1" rel="nofollow noopener">#1</a>' in html
    assert html.count("<a ") == 2
    with calling(hub, owner) as call:
        detail = call.db.scalars(
            sa.select(facts.c.detail).where(facts.c.name == "discussion.comment.create")
        ).one()
    assert detail == {
        "id": seen(hub, repo).discussion.key,
        "number": 1,
        "event": event.key,
        "mentions": [owner.user_id],
    }


def test_addresses_of_this_hub_are_shown_here_and_nothing_is_loaded_from_elsewhere(
    hub: Hub, reader: Actor, repo: Repo
) -> None:
    key = "0" * 32
    text = (
        f"![picture]({BASE_URL}/uploads/{key}.png) ![spy](https://evil.example/x.png)\n\n"
        f"{BASE_URL}/uploads/{key}.mp4\n\n"
        "[file](a.txt) [up](../../etc/passwd) ![local](dir/x.png)\n\n"
        "<script>alert(1)</script><img src=x onerror=alert(1)>"
        "<a href='javascript:alert(1)'>x</a>"
    )
    opened(hub, reader, repo, text=text)
    found = seen(hub, repo)
    html = found.html[found.events[0].key]
    assert f'<img src="/uploads/{key}.png"' in html
    assert f'<video src="/uploads/{key}.mp4" controls="" preload="none">' in html
    assert 'href="/ana/one/blob/main/a.txt"' in html
    assert 'href="/ana/one/blob/main/etc/passwd"' in html
    assert 'src="/ana/one/resolve/main/dir/x.png"' in html
    assert 'src="https://' not in html
    assert not any(word in html for word in ("<script", "onerror", "javascript:", "alert(1)<"))


def test_a_rendering_made_otherwise_is_made_anew(hub: Hub, reader: Actor, repo: Repo) -> None:
    opened(hub, reader, repo, text="[file](/ana/one)")
    settings = replace(hub.settings, public_url="https://hub.example/below")
    moved = replace(hub, settings=settings)
    found = seen(moved, repo)
    assert 'href="/below/ana/one"' in found.html[found.events[0].key]


def test_links_follow_a_repo_that_moves(hub: Hub, owner: Actor, repo: Repo) -> None:
    opened(hub, owner, repo)
    event = said(hub, owner, repo, 1, "See #1 and [a file](a.txt)")
    with working_as(hub, owner) as work:
        moved = change.move(work, repo.repo_id, RepoId(repo.type, "ana", "two"))
    html = seen(hub, moved).html[event.key]
    assert 'href="/ana/two/discussions/1"' in html
    assert 'href="/ana/two/blob/main/a.txt"' in html


@pytest.mark.parametrize(
    ("title", "text", "failure"),
    [
        ("ab", "", Malformed),
        (" a  ", "", Malformed),
        ("x" * 201, "", Malformed),
        ("fine", "é" * 32_769, TooLarge),
    ],
)
def test_texts_have_bounds(
    hub: Hub, reader: Actor, repo: Repo, title: str, text: str, failure: type[StrataError]
) -> None:
    with pytest.raises(failure):
        opened(hub, reader, repo, title, text)
    opened(hub, reader, repo, "x" * 200, "é" * 32_768)
    with pytest.raises(Malformed):
        said(hub, reader, repo, 1, " \n ")
    with pytest.raises(TooLarge):
        said(hub, reader, repo, 1, "x" * 65_537)
    assert seen(hub, repo).discussion.comments == 1


@pytest.mark.slow
def test_nobody_writes_without_end(hub: Hub, reader: Actor, repo: Repo, clock: FrozenClock) -> None:
    limits = replace(hub.settings.limits, posts_per_hour=3)
    strict = replace(hub, settings=replace(hub.settings, limits=limits))
    opened(strict, reader, repo)
    said(strict, reader, repo, 1, "two")
    event = said(strict, reader, repo, 1, "three")
    with pytest.raises(TooMany) as refused:
        said(strict, reader, repo, 1, "four")
    assert 0 < refused.value.retry_after_s <= 3600
    with pytest.raises(TooMany), working_as(strict, reader) as work:
        thread.react(work, repo.repo_id, 1, event.key, "🔥", given=True)
    clock.advance(timedelta(hours=1, minutes=1))
    said(strict, reader, repo, 1, "four")
    assert seen(hub, repo).discussion.comments == 4


def test_reactions_are_given_and_taken_back_once(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo, clock: FrozenClock
) -> None:
    opened(hub, reader, repo)
    key = seen(hub, repo).events[0].key

    def react(actor: Actor, reaction: str, *, given: bool) -> dict[str, tuple[str, ...]]:
        clock.advance(timedelta(seconds=1))
        with working_as(hub, actor) as work:
            event = thread.react(work, repo.repo_id, 1, key, reaction, given=given)
        return {one.reaction: one.names for one in event.reactions}

    react(reader, "👍", given=True)
    assert react(reader, "👍", given=True) == {"👍": ("bob",)}
    assert react(owner, "👍", given=True) == {"👍": ("bob", "ana")}
    assert react(owner, "🔥", given=True) == {"👍": ("bob", "ana"), "🔥": ("ana",)}
    assert seen(hub, repo).discussion.reactions == 3
    assert react(reader, "👍", given=False) == {"👍": ("ana",), "🔥": ("ana",)}
    assert react(reader, "👍", given=False) == {"👍": ("ana",), "🔥": ("ana",)}
    assert seen(hub, repo).discussion.reactions == 2
    with pytest.raises(Malformed):
        react(owner, "<b>", given=True)


Act = Callable[[Hub, Actor, Repo, Event], object]


def _status(hub: Hub, actor: Actor, repo: Repo, _event: Event) -> object:
    with calling(hub, actor) as call:
        return thread.change_status(call, repo.repo_id, 1, "closed")


def _within(act: Callable[..., object]) -> Act:
    def run(hub: Hub, actor: Actor, repo: Repo, event: Event) -> object:
        with working_as(hub, actor) as work:
            return act(work, repo, event)

    return run


ACTS: dict[str, tuple[Act, str]] = {
    "comment": (lambda h, a, r, _: said(h, a, r, 1, "x"), "speak"),
    "react": (
        _within(lambda w, r, e: thread.react(w, r.repo_id, 1, e.key, "👍", given=True)),
        "speak",
    ),
    "edit": (lambda h, a, r, e: edited(h, a, r, e, "x"), "own"),
    "hide": (_within(lambda w, r, e: thread.hide(w, r.repo_id, 1, e.key)), "own"),
    "title": (_within(lambda w, r, _: thread.rename(w, r.repo_id, 1, "Other")), "own"),
    "status": (_status, "own"),
    "pin": (_within(lambda w, r, _: thread.pin(w, r.repo_id, 1, pinned=True)), "moderate"),
    "lock": (_within(lambda w, r, _: thread.lock(w, r.repo_id, 1, locked=True)), "moderate"),
    "delete": (
        _within(lambda w, r, _: merging.delete_discussion(w, r.repo_id, 1)),
        "moderate",
    ),
}
WHO = {"speak": {"owner", "reader", "other"}, "own": {"owner", "reader"}, "moderate": {"owner"}}


def actors(owner: Actor, reader: Actor, other: Actor) -> dict[str, Actor]:
    return {"owner": owner, "reader": reader, "other": other}


@pytest.mark.parametrize("act", ACTS)
def test_who_may_do_what(
    hub: Hub, owner: Actor, reader: Actor, other: Actor, repo: Repo, act: str
) -> None:
    run, right = ACTS[act]
    opened(hub, reader, repo)
    event = seen(hub, repo).events[0]
    for name, actor in actors(owner, reader, other).items():
        reading = TokenFacts(1, "t", TokenRole.READ, hub.clock())
        with pytest.raises(Forbidden):
            run(hub, replace(actor, token=reading), repo, event)
        if name not in WHO[right]:
            before = seen(hub, repo)
            with pytest.raises(Forbidden):
                run(hub, actor, repo, event)
            assert seen(hub, repo) == before
    with pytest.raises(Unauthenticated):
        run(hub, ANONYMOUS, repo, event)
    switched(hub, owner, repo, disabled=True)
    with pytest.raises(Forbidden, match="disabled"):
        run(hub, owner, repo, event)
    switched(hub, owner, repo, disabled=False)
    run(hub, reader if right != "moderate" else owner, repo, event)


@pytest.mark.parametrize("act", ACTS)
def test_a_locked_discussion_belongs_to_those_who_may_write(
    hub: Hub, owner: Actor, reader: Actor, other: Actor, repo: Repo, act: str
) -> None:
    run, _ = ACTS[act]
    opened(hub, reader, repo)
    event = seen(hub, repo).events[0]
    with working_as(hub, owner) as work:
        thread.lock(work, repo.repo_id, 1, locked=True)
    for actor in (reader, other):
        with pytest.raises(Forbidden):
            run(hub, actor, repo, event)
    if act != "lock":
        run(hub, owner, repo, event)


@pytest.mark.parametrize("act", ACTS)
def test_a_private_repo_has_no_discussions_for_strangers(
    hub: Hub, owner: Actor, reader: Actor, act: str
) -> None:
    private = created(hub, owner, "private", private=True)
    opened(hub, owner, private)
    event = seen(hub, private, actor=owner).events[0]
    for actor in (reader, ANONYMOUS):
        with pytest.raises(RepoNotFound):
            ACTS[act][0](hub, actor, private, event)
        with pytest.raises(RepoNotFound):
            opened(hub, actor, private)
        with pytest.raises(RepoNotFound):
            seen(hub, private, actor=actor)


def test_what_is_not_there_is_missing(hub: Hub, owner: Actor, reader: Actor, repo: Repo) -> None:
    opened(hub, reader, repo)
    opened(hub, owner, repo)
    event = seen(hub, repo, 2).events[0]
    for act, _ in ACTS.values():
        if act in (ACTS["edit"][0], ACTS["hide"][0], ACTS["react"][0]):
            with pytest.raises(NotFound):  # the comment of another discussion
                act(hub, owner, repo, event)
    with working_as(hub, owner) as work:
        merging.delete_discussion(work, repo.repo_id, 1)
    for act, _ in ACTS.values():
        with pytest.raises(NotFound):
            act(hub, owner, repo, event)
    with pytest.raises(NotFound):
        seen(hub, repo)
    assert opened(hub, owner, repo) == 3, "no number is given twice"
    assert told(hub)[-2:] == [("discussion.delete", None), ("discussion.create", None)]


def test_facts_bear_the_names_of_webhooks(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo
) -> None:
    opened(hub, reader, repo)
    event = said(hub, reader, repo, 1, "one")
    edited(hub, reader, repo, event, "two")
    with working_as(hub, owner) as work:
        thread.rename(work, repo.repo_id, 1, "Other")
        thread.pin(work, repo.repo_id, 1, pinned=True)
        thread.lock(work, repo.repo_id, 1, locked=True)
        thread.hide(work, repo.repo_id, 1, event.key)
    with calling(hub, owner) as call:
        thread.change_status(call, repo.repo_id, 1, "closed", "Bye")
    assert told(hub) == [
        ("discussion.create", None),
        ("discussion.comment.create", None),
        ("discussion.comment.update", "edit"),
        ("discussion.update", "title"),
        ("discussion.update", "pin"),
        ("discussion.update", "lock"),
        ("discussion.comment.update", "hide"),
        ("discussion.comment.create", None),
        ("discussion.update", "status"),
    ]


def test_lists_are_filtered_and_ordered(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo, clock: FrozenClock
) -> None:
    for title in ("Alpha beta", "beta", "gamma 100%"):
        clock.advance(timedelta(seconds=1))
        opened(hub, reader, repo, title)
    opened(hub, owner, repo, "By the owner")
    clock.advance(timedelta(seconds=1))
    said(hub, owner, repo, 1, "more")
    said(hub, owner, repo, 2, "more")
    said(hub, owner, repo, 2, "and more")
    with working_as(hub, owner) as work:
        thread.pin(work, repo.repo_id, 3, pinned=True)
    with calling(hub, reader) as call:
        thread.change_status(call, repo.repo_id, 1, "closed")

    def numbers(wanted: Filter) -> list[int]:
        with calling(hub, ANONYMOUS) as call:
            listed = list_discussions(call, repo.repo_id, wanted)
        assert listed.total == len(listed.discussions)
        return [one.number for one in listed.discussions]

    assert numbers(Filter()) == [4, 3, 2, 1]
    assert numbers(Filter(pinned_first=True)) == [3, 4, 2, 1]
    assert numbers(Filter(status="open")) == [4, 3, 2]
    assert numbers(Filter(status="closed")) == [1]
    assert numbers(Filter(author="BOB")) == [3, 2, 1]
    assert numbers(Filter(author="nobody\0")) == numbers(Filter(author="unknown")) == []
    assert numbers(Filter(words="BETA")) == [2, 1]
    assert numbers(Filter(words="alpha beta")) == [1]
    assert numbers(Filter(words="%")) == [3]
    assert numbers(Filter(words="_")) == []
    orders: dict[Sort, list[int]] = {
        "recently-created": [4, 3, 2, 1],
        "recently-updated": [3, 2, 1, 4],
        "comments": [2, 1, 4, 3],
        "reactions": [4, 3, 2, 1],
    }
    assert {sort: numbers(Filter(sort=sort)) for sort in orders} == orders


def test_two_renames_at_once_follow_each_other(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo
) -> None:
    opened(hub, reader, repo, "Title 0")

    def rename(count: int) -> None:
        with working_as(hub, owner) as work:
            thread.rename(work, repo.repo_id, 1, f"Title {count}")

    with side_by_side(4) as pool:
        list(pool.map(rename, range(1, 9)))
    changes = [event.content for event in seen(hub, repo).events if event.kind == "title-change"]
    assert [change["from"] for change in changes[1:]] == [change["to"] for change in changes[:-1]]
    assert changes[-1]["to"] == seen(hub, repo).discussion.title


def test_an_account_that_is_gone_leaves_its_words(hub: Hub, owner: Actor, repo: Repo) -> None:
    gone = replace(person(hub, "ghost"), user_id=987_654)
    opened(hub, gone, repo)
    found = seen(hub, repo)
    assert (found.discussion.author, found.events[0].author) == (None, None)
    assert edited(hub, owner, repo, found.events[0], "by the owner").history[0].author is None
