"""Lists: what they find, in which order, page by page, and for whom; on both databases."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
import sqlalchemy as sa

from fixtures.large_files import calling, person, repository
from strata.core.actor import ANONYMOUS, SYSTEM, Actor, Grants, Role, TokenFacts, TokenRole
from strata.core.call import working
from strata.core.errors import Malformed
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.repos.tables import repos
from strata.search.bits import bits_of
from strata.search.facets import facets
from strata.search.finding import page, queries
from strata.search.finding.asked import Asked, look_up
from strata.search.finding.shape import Source
from strata.search.indexing import queries as index_queries
from strata.search.listing import count, listing
from strata.search.query import ORDERS, Query, Span, write_cursor
from strata.search.tables import tag_counts

MANY = 90
LICENSE_MIT = 144117387099111424


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


@pytest.fixture
def owner(hub: Hub) -> Actor:
    return person(hub, "ana")


@pytest.fixture
def stranger(hub: Hub) -> Actor:
    return person(hub, "bob")


def listed(
    hub: Hub,
    owner: Actor,
    name: str,
    *tags: str,
    private: bool = False,
    **columns: object,
) -> int:
    """Create a repo as the index knows it."""
    repo = repository(hub, owner, name, private=private)
    with calling(hub, SYSTEM) as call, working(call) as work:
        entry = index_queries.Entry(
            type=RepoType.MODEL,
            public=not private,
            words={tag.lower(): (tag, "other") for tag in tags},
            num_parameters=int(str(columns.get("num_parameters", 0))),
            main_size=0,
            card=_card(hub, tags, private=private),
        )
        index_queries.write(work, repo.id, entry)
        if columns:
            work.db.execute(sa.update(repos).where(repos.c.id == repo.id).values(**columns))
    return repo.id


def _card(hub: Hub, tags: Sequence[str], *, private: bool) -> dict[str, Any]:
    return {
        "commit_sha": "0" * 40,
        "card_data": None,
        "tags": list(tags),
        "pipeline_tag": None,
        "library_name": None,
        "config": None,
        "siblings": [],
        "used_storage": 0,
        "summaries": None,
        "counted_public": not private,
        "indexed_at": hub.clock(),
    }


def names(hub: Hub, actor: Actor = ANONYMOUS, **asked: Any) -> list[str]:
    """Follow the pages to the end; the names of the repos."""
    found: list[str] = []
    cursor = None
    with calling(hub, actor) as call:
        while True:
            shown = listing(call, Query(type=RepoType.MODEL, cursor=cursor, **asked))
            found += [row.repo.name for row in shown.rows]
            if shown.cursor is None:
                return found
            assert shown.rows, "a page with a next one holds something"
            cursor = shown.cursor


def total(hub: Hub, actor: Actor = ANONYMOUS, **asked: Any) -> int:
    with calling(hub, actor) as call:
        return count(call, Query(type=RepoType.MODEL, **asked))


def populated(hub: Hub, owner: Actor) -> dict[str, dict[str, Any]]:
    """Create many repos; what each is like, by name."""
    dice = random.Random(7)
    made = {}
    for number in range(MANY):
        facts: dict[str, Any] = {
            "tags": [tag for tag in ("a", "b", "c") if dice.random() < 0.5],
            "private": dice.random() < 0.2,
            "likes": dice.randrange(4),
            "likes_30d": dice.randrange(3),
            "downloads": dice.randrange(1000),
            "trending": dice.choice((0.0, 0.5, 2.25)),
            "num_parameters": dice.choice((0, 10**9, 7 * 10**9)),
            "updated_at": hub.clock() - timedelta(days=dice.randrange(9)),
            "gated": dice.choice((None, None, "auto", "manual")),
        }
        name = f"{dice.choice(('bert', 'llama'))}-{number}"
        columns = {k: v for k, v in facts.items() if k not in ("tags", "private")}
        facts["id"] = listed(hub, owner, name, *facts["tags"], private=facts["private"], **columns)
        made[name] = facts
    return made


ASKED: list[dict[str, Any]] = [
    {},
    {"tags": ("a",)},
    {"tags": ("A", "b")},
    {"search": ("bert",)},
    {"search": ("BERT", "1")},
    {"search": ("-2",), "tags": ("c",)},
    {"author": "ANA", "tags": ("b", "c")},
    {"gated": True},
    {"gated": False, "tags": ("a",)},
    {"parameters": Span(6 * 10**9, 8 * 10**9)},
    {"parameters": Span(low=10**9), "search": ("lla",)},
]


def meets(name: str, facts: dict[str, Any], asked: dict[str, Any]) -> bool:
    """Say the same as the statements, plainly."""
    span = asked.get("parameters", Span(0))
    return (
        all(tag.lower() in facts["tags"] for tag in asked.get("tags", ()))
        and all(word.lower() in f"ana/{name}" for word in asked.get("search", ()))
        and span.low <= facts["num_parameters"] <= span.high
        and ("gated" not in asked or asked["gated"] == (facts["gated"] is not None))
    )


@pytest.mark.slow
def test_every_filter_in_every_order_finds_what_it_should_page_by_page(
    hub: Hub, owner: Actor
) -> None:
    made = populated(hub, owner)
    for asked in ASKED:
        for sort in ("trendingScore", "likes", "num_parameters", "lastModified", "downloads"):
            for descending in (True, False):
                for actor in (ANONYMOUS, owner):
                    column = ORDERS[sort].name
                    expected = [
                        name
                        for name, facts in made.items()
                        if meets(name, facts, asked)
                        and (actor is owner or not facts["private"])
                        and (sort != "num_parameters" or facts["num_parameters"] > 0)
                    ]
                    expected.sort(
                        key=lambda name, column=column: (made[name][column], made[name]["id"]),
                        reverse=descending,
                    )
                    found = names(hub, actor, sort=sort, descending=descending, limit=7, **asked)
                    assert found == expected, (asked, sort, descending)


@pytest.mark.slow
def test_counts_agree_with_lists(hub: Hub, owner: Actor, stranger: Actor) -> None:
    populated(hub, owner)
    for asked in ASKED:
        for actor in (ANONYMOUS, owner, stranger):
            assert total(hub, actor, **asked) == len(names(hub, actor, **asked)), asked


def test_private_repos_show_to_members_alone(hub: Hub, owner: Actor, stranger: Actor) -> None:
    listed(hub, owner, "open", "x")
    listed(hub, owner, "secret", "x", private=True)
    member = Actor(
        user_id=stranger.user_id, name="bob", verified=True, roles={owner.user_id or 0: Role.READ}
    )
    for asked in ({}, {"tags": ("x",)}, {"search": ("e",)}, {"author": "ana"}):
        assert set(names(hub, ANONYMOUS, **asked)) == {"open"}
        assert set(names(hub, stranger, **asked)) == {"open"}
        assert set(names(hub, member, **asked)) == {"open", "secret"}
        assert set(names(hub, owner, **asked)) == {"open", "secret"}
        assert set(names(hub, SYSTEM, **asked)) == {"open", "secret"}


def test_a_narrowed_token_lists_the_private_repos_that_it_names(
    hub: Hub, owner: Actor, stranger: Actor
) -> None:
    """Asked in turn with the tokens of others: statements of one shape share their text."""
    listed(hub, owner, "open", "x")
    first = listed(hub, owner, "first", "x", private=True, likes=1)
    second = listed(hub, owner, "second", "x", private=True, likes=2)

    def with_token(person: Actor, *opened: int) -> Actor:
        names = frozenset({"repo.content.read"})
        grants = Grants(repos=dict.fromkeys(opened, names))
        token = TokenFacts(1, "t", TokenRole.FINE_GRAINED, hub.clock(), grants=grants)
        return replace(person, token=token)

    for asked in (
        {},
        {"tags": ("x",)},
        {"search": ("ana/",)},
        {"author": "ana"},
        {"sort": "likes"},
    ):
        assert set(names(hub, with_token(owner, first), **asked)) >= {"first"}, asked
        assert "second" not in names(hub, with_token(owner, first), **asked)
        assert "first" not in names(hub, with_token(owner, second), **asked)
        assert set(names(hub, with_token(owner), **asked)) == {"open"}
        assert set(names(hub, with_token(stranger, first, second), **asked)) == {"open"}
        assert total(hub, with_token(owner, first, second), **asked) == total(hub, owner, **asked)


def test_a_new_name_is_found_at_once_and_an_old_one_no_longer(hub: Hub, owner: Actor) -> None:
    repo = repository(hub, owner, "first-name")
    assert names(hub, search=("rst-na",)) == ["first-name"]
    with hub.database.writing() as db:
        db.execute(
            sa.update(repos)
            .where(repos.c.id == repo.id)
            .values(name="second", path_key="ana/second")
        )
    assert names(hub, search=("rst-na",)) == []
    assert names(hub, search=("seco",)) == ["second"]


@pytest.mark.parametrize("word", ["%", "_", "a%b", '"', "'", "\\", "\0", "é", "中文", "x" * 900])
def test_no_word_breaks_a_search(hub: Hub, owner: Actor, word: str) -> None:
    listed(hub, owner, "plain", "x")
    assert names(hub, search=(word,)) == []
    assert names(hub, tags=(word,)) == []
    assert names(hub, author=word) == []


@pytest.mark.slow
def test_as_many_tags_as_may_be_asked_for_are_found_together(hub: Hub, owner: Actor) -> None:
    tags = [f"t{number}" for number in range(199)]
    listed(hub, owner, "one", "region:us", *tags)
    for number in range(9):
        listed(hub, owner, f"other-{number}", "region:us")
    assert names(hub, tags=tuple(tags)) == ["one"]
    assert total(hub, tags=tuple(tags)) == 1


def test_what_nobody_has_finds_nothing(hub: Hub, owner: Actor) -> None:
    listed(hub, owner, "one", "x")
    assert names(hub, tags=("x", "y")) == []
    assert names(hub, author="nobody") == []
    assert names(hub, impossible=True) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"sort": "beauty"},
        {"cursor": "!"},
        {"cursor": "AAAA"},
        {"search": ("x",) * 201},
        {"tags": ("x" * 1001,)},
    ],
)
def test_impossible_questions_are_refused(hub: Hub, asked: dict[str, Any]) -> None:
    with calling(hub, ANONYMOUS) as call, pytest.raises(Malformed):
        listing(call, Query(type=RepoType.MODEL, **asked))


def test_counts_of_tags_follow_what_happens(hub: Hub, owner: Actor) -> None:
    def counts() -> dict[str, tuple[int, int]]:
        with calling(hub, SYSTEM) as call:
            rows = call.db.execute(sa.select(tag_counts)).all()
        return {row.label: (row.public, row.total) for row in rows}

    first = listed(hub, owner, "one", "Big", "x")
    listed(hub, owner, "two", "big", private=True)
    assert counts() == {"Big": (1, 2), "x": (1, 1)}
    with calling(hub, SYSTEM) as call, working(call) as work:
        index_queries.write(work, first, None)
    assert counts() == {"Big": (0, 1)}
    assert names(hub, owner, tags=("x",)) == []


def looked_up(hub: Hub, actor: Actor = ANONYMOUS, **asked: Any) -> Asked:
    with calling(hub, actor) as call:
        found = look_up(call, Query(type=RepoType.MODEL, **asked))
    assert found is not None
    return found


@pytest.mark.slow
def test_walking_and_collecting_find_the_same(hub: Hub, owner: Actor) -> None:
    """With many repos either is chosen; here both are taken, from every condition there is."""
    made = populated(hub, owner)
    assert len(made) < page.GLANCE
    for sort, descending, asked in product(("likes", "num_parameters"), (True, False), ASKED):
        order: dict[str, Any] = {"limit": 5, "sort": sort, "descending": descending, **asked}
        cursor = None
        while True:
            question = looked_up(hub, **order, cursor=cursor)
            with calling(hub, ANONYMOUS) as call:
                expected = page.walked(call, question, page.TO_THE_END)
                assert expected is not None
                for source in sources(question):
                    assert page.collected(call, question, source) == expected
                if len(expected) > 5:
                    assert page.walked(call, question, MANY) == expected
                if asked.get("search"):
                    few = queries.collect_few
                    values = question.values
                    assert few(call, question.shape, Source.NAME, values, MANY) == expected
                    assert few(call, question.shape, Source.NAME, values, 0) is None
            if len(expected) <= 5:
                break
            cursor = write_cursor(expected[4])


def sources(asked: Asked) -> Iterator[Source]:
    """Every condition of a question from which repos can be collected."""
    shape = asked.shape
    named = {
        Source.TAGS: shape.tags,
        Source.OWNER: shape.owned,
        Source.SIZE: shape.sized,
        Source.GATE: shape.gated,
        Source.NAME: shape.words,
    }
    return (source for source, wanted in named.items() if wanted)


def test_a_walk_ends_where_collecting_would_be_cheaper(hub: Hub, owner: Actor) -> None:
    for number in range(30):
        listed(hub, owner, f"m-{number}", *(["rare"] if number < 6 else []), likes=number)
    asked = looked_up(hub, tags=("rare",), sort="likes", limit=5)
    assert (asked.rare, asked.size) == (Source.TAGS, 6)
    with calling(hub, ANONYMOUS) as call:
        assert page.walked(call, asked, 29) is None
        assert page.walked(call, asked, 30) == page.collected(call, asked, Source.TAGS)


@pytest.mark.parametrize(
    ("size", "chance", "everything", "steps"),
    [
        (5_000, 9_000.0, 200_000, 5_000 * page.STEPS),
        (5_000, 90_000.0, 200_000, 0),  # not to be expected within them
        (50_000, 9_000.0, 200_000, page.TO_THE_END),  # more than there are
    ],
)
def test_how_far_a_walk_may_go(
    hub: Hub, owner: Actor, size: int, chance: float, everything: int, steps: int
) -> None:
    listed(hub, owner, "one", "x")
    asked = looked_up(hub, tags=("x",))
    weighed = replace(asked, size=size, steps=chance, everything=everything)
    assert page.steps_for(weighed) == steps


def test_a_walk_behind_many_that_tie_forgets_none_of_them(hub: Hub, owner: Actor) -> None:
    """The ties with the last row are a stretch of their own, and steps are counted over both."""
    for number in range(12):
        listed(hub, owner, f"m-{number}", *(["x"] if number < 3 else []), likes=number // 10)
    expected = ["m-2", "m-1", "m-0"]
    first = looked_up(hub, tags=("x",), sort="likes", limit=1)
    with calling(hub, ANONYMOUS) as call:
        found = page.walked(call, first, page.TO_THE_END)
        assert found is not None
        behind = looked_up(hub, tags=("x",), sort="likes", limit=1, cursor=write_cursor(found[0]))
        assert page.walked(call, behind, 1) is None
        rest = page.walked(call, behind, 2)
    assert rest is not None
    ids = {repo.id: repo.name for repo in all_repos(hub)}
    assert [ids[place.id] for place in (found[0], *rest)] == expected


def all_repos(hub: Hub) -> Sequence[Any]:
    with hub.database.reading() as db:
        return db.execute(sa.select(repos.c.id, repos.c.name)).all()


def test_names_that_stand_close_together_are_found_by_walking(
    hub: Hub, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        listed(hub, owner, f"{'llama' if number % 4 else 'bert'}-{number}", likes=number)
    monkeypatch.setattr(page, "GLANCE", 10)
    asked = looked_up(hub, search=("llama",), sort="likes", limit=12)
    with calling(hub, ANONYMOUS) as call:
        near = page.glanced(call, asked)
        monkeypatch.setattr(page, "CLOSE", 20)
        assert page.glanced(call, asked) is None
    ids = {repo.id: repo.name for repo in all_repos(hub)}
    expected = [f"llama-{number}" for number in range(39, -1, -1) if number % 4][:13]
    assert [ids[place.id] for place in near or ()] == expected


def test_a_tag_with_the_bits_of_another_is_not_taken_for_it(hub: Hub, owner: Actor) -> None:
    twin = next(f"t{n}" for n in range(10**6) if bits_of([f"t{n}"]) == bits_of(["wanted"]))
    listed(hub, owner, "has", "wanted", "other")
    listed(hub, owner, "twin", twin)
    for tags in (("wanted",), ("wanted", "other"), ("wanted", twin)):
        asked = looked_up(hub, tags=tags)
        with calling(hub, ANONYMOUS) as call:
            assert page.walked(call, asked, page.TO_THE_END) == page.collected(
                call, asked, Source.TAGS
            )
    assert names(hub, tags=("wanted",)) == ["has"]
    assert names(hub, tags=(twin,)) == ["twin"]
    assert names(hub, tags=("wanted", twin)) == []


def test_the_bits_of_a_repo_follow_its_tags(hub: Hub, owner: Actor) -> None:
    first = listed(hub, owner, "one", "Alpha", "beta", "ünï")
    assert held_bits(hub) == bits_of(["alpha", "beta", "ünï"])
    assert -(2**63) <= held_bits(hub) < 2**63
    with calling(hub, SYSTEM) as call, working(call) as work:
        index_queries.write(work, first, None)
    assert held_bits(hub) == 0


def held_bits(hub: Hub) -> int:
    with hub.database.reading() as db:
        return int(db.scalars(sa.select(repos.c.tag_bits)).one())


def test_the_bits_that_the_database_holds_keep_their_meaning() -> None:
    """Whoever changes them must make those of every hub anew, in a migration."""
    assert bits_of([]) == 0
    assert bits_of(["license:mit"]) == LICENSE_MIT
    assert bits_of(["license:mit", "gguf"]) == LICENSE_MIT | bits_of(["gguf"])


def test_facets_count_what_the_caller_may_see_under_the_filters(
    hub: Hub, owner: Actor, stranger: Actor
) -> None:
    listed(hub, owner, "one", "license:mit", "x")
    listed(hub, owner, "two", "license:mit")
    listed(hub, owner, "three", "license:mit", "license:gpl", "x", private=True)
    with hub.database.writing() as db:
        kind = sa.case((tag_counts.c.tag == "x", "other"), else_="license")
        db.execute(sa.update(tag_counts).values(kind=kind))

    def counted(actor: Actor, **asked: Any) -> list[tuple[str, int | None]]:
        with calling(hub, actor) as call:
            query = Query(type=RepoType.MODEL, **asked)
            found = facets(call, query, ["license"], 5)["license"]
        return [(tag.label, tag.count) for tag in found]

    assert counted(stranger) == [("mit", 2)]
    assert counted(stranger, tags=("x",)) == [("mit", 1)]
    assert counted(owner, tags=("x",)) == [("mit", 2), ("gpl", 1)]
    assert counted(ANONYMOUS, tags=("license:gpl",)) == []
