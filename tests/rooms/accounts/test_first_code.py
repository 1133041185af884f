"""The first account of a hub that strangers can reach shows a code (product §2.2, §3.21)."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from doors.pages.visitors import PASSWORD, Visitor, people
from fixtures.accounts import HERE, calling, fact_names, form, joined, made, person
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.races import held_open
from strata.accounts import people as accounts
from strata.core.actor import ANONYMOUS, SYSTEM
from strata.core.call import working
from strata.core.errors import Conflict, InvalidFields, TooMany
from strata.core.hub import Hub
from strata.core.settings.loading import load
from strata.membership.joining import first
from strata.membership.joining.signup import sign_up
from strata.membership.joining.tables import first_codes

PUBLIC = "http://hub.example.com"
KEY = "a key of the tests, 32 characters long"


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock, database_url: str | None) -> Iterator[Hub]:
    """Give an empty hub that everybody can reach."""
    built = build_test_hub(
        tmp_path / "data", clock=clock, database_url=database_url, public_url=PUBLIC
    )
    yield built
    built.database.close()


def started(hub: Hub) -> str:
    """What a start of the hub makes, and prints."""
    with calling(hub, SYSTEM) as call, working(call) as work:
        return first.make_missing_code(work)


def another(hub: Hub) -> str:
    """What the operator's command prints."""
    with calling(hub, SYSTEM) as call, working(call) as work:
        return first.make_code(work)


def refused(hub: Hub, code: str, *, ip: str = HERE.ip) -> tuple[str, ...]:
    with pytest.raises(InvalidFields) as caught:
        joined(hub, "mallory", first_code=code, origin=replace(HERE, ip=ip))
    assert set(caught.value.fields) == {"first_code"}
    return caught.value.fields["first_code"]


@pytest.mark.parametrize(
    ("settings", "reachable"),
    [
        ({}, False),
        ({"public_url": "http://localhost:8080"}, False),
        ({"public_url": "http://strata.localhost/hub"}, False),
        ({"public_url": "http://127.0.0.1:9"}, False),
        ({"public_url": "http://[::1]:9"}, False),
        ({"public_url": "https://hub.example.com"}, True),
        ({"public_url": "http://10.0.0.7"}, True),
        ({"public_url": "http://localhost.example.com"}, True),
        ({"server.trusted_proxies": ("127.0.0.1",)}, True),
        ({"server.host": "0.0.0.0", "public_url": "http://localhost", "secret_key": KEY}, True),
    ],
)  # fmt: skip
def test_who_could_come_first(settings: dict[str, object], *, reachable: bool) -> None:
    assert load(environment={}, overrides=settings).settings.is_reachable is reachable


def test_a_stranger_who_comes_first_becomes_nothing(hub: Hub) -> None:
    """Mallory finds the hub before its operator does: before its code is made, and after."""
    assert refused(hub, "") == ("first_code.missing",)
    assert refused(hub, "BBBB-BBBB") == ("first_code.bad",)
    code = started(hub)
    assert refused(hub, "") == ("first_code.missing",)
    assert refused(hub, code[:-1]) == ("first_code.bad",)
    assert refused(hub, code + "B") == ("first_code.bad",)
    assert "account.signup" not in fact_names(hub)

    joined(hub, "operator", first_code=f" {code.lower().replace('-', '')} ")
    assert person(hub, "operator").admin
    joined(hub, "mallory")  # as everybody now
    joined(hub, "eve", first_code=code)
    assert [person(hub, name).admin for name in ("mallory", "eve")] == [False, False]


def test_a_code_is_long_made_once_and_kept_hashed(hub: Hub) -> None:
    code = started(hub)
    assert len(code.replace("-", "")) == 32  # of 20 letters: 138 bits
    assert started(hub) == ""  # another start, or another node
    with hub.database.reading() as db:
        (row,) = db.execute(sa.select(first_codes)).all()
    assert code.replace("-", "") not in str(row)

    fresh = another(hub)
    assert refused(hub, code) == ("first_code.bad",)
    joined(hub, "operator", first_code=fresh)
    with hub.database.reading() as db:
        assert db.execute(sa.select(first_codes)).all() == []
    for make in (started, another):
        if make is started:
            assert make(hub) == ""
        else:
            with pytest.raises(Conflict, match="has accounts already"):
                make(hub)


def test_nodes_that_start_at_once_print_one_code(hub: Hub) -> None:
    barrier = threading.Barrier(4)
    printed: list[str] = []

    def start() -> None:
        barrier.wait()
        printed.append(started(hub))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (code,) = [one for one in printed if one]
    joined(hub, "operator", first_code=code)
    assert person(hub, "operator").admin


def test_an_account_of_the_operator_ends_the_code(hub: Hub) -> None:
    code = started(hub)
    made(hub, "made-here", admin=True)
    with hub.database.reading() as db:
        assert db.execute(sa.select(first_codes)).all() == []
    joined(hub, "eve", first_code=code)
    assert not person(hub, "eve").admin


def test_two_who_have_the_code_become_one_admin(hub: Hub) -> None:
    code = started(hub)
    barrier = threading.Barrier(3)
    met: list[BaseException | None] = []

    def send(number: int) -> None:
        barrier.wait()
        try:
            shown = code if number else "BBBB"  # Mallory has none, and is as quick
            joined(
                hub, f"one-{number}", first_code=shown, origin=replace(HERE, ip=f"10.0.{number}.1")
            )
        except InvalidFields as error:
            met.append(error)
        else:
            met.append(None)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [person(hub, f"one-{number}").admin for number in (1, 2)].count(True) == 1
    with calling(hub) as call:
        mallory = accounts.by_name(call, "one-0")
    assert mallory is None or not mallory.admin


def test_who_is_second_while_the_code_is_looked_at_joins_like_everybody(hub: Hub) -> None:
    code = started(hub)
    late = form("late", first_code=code)

    came, first_one = held_open(
        hub,
        lambda call: sign_up(call, late),
        lambda: made(hub, "operator", admin=True),
        by=ANONYMOUS,
    )

    assert (came.name, first_one.name) == ("late", "operator")
    assert person(hub, "operator").admin


def test_ten_wrong_codes_are_all_that_an_address_has(hub: Hub, clock: FrozenClock) -> None:
    code = started(hub)
    for _ in range(10):
        assert refused(hub, "wrong") == ("first_code.bad",)
    with pytest.raises(TooMany) as shut:
        joined(hub, "mallory", first_code=code)  # not even the right one, by chance
    assert 0 < shut.value.retry_after_s <= 600
    with calling(hub, origin=replace(HERE, ip="198.51.100.9")) as call:
        assert [first.code_faults(call, code) for _ in range(15)] == [()] * 15
    clock.advance(timedelta(minutes=11))
    assert joined(hub, "operator", first_code=code).name == "operator"


def test_what_an_operator_has_chosen_counts_alone(tmp_path: Path, clock: FrozenClock) -> None:
    chosen = "the code of whoever set it up"
    hub = build_test_hub(
        tmp_path / "chosen", clock=clock, public_url=PUBLIC, **{"accounts.first_admin_code": chosen}
    )
    assert started(hub) == ""
    with pytest.raises(Conflict, match="first_admin_code"):
        another(hub)
    joined(hub, "operator", first_code=chosen)
    assert person(hub, "operator").admin
    hub.database.close()


def test_nobody_is_asked_at_ones_own_machine_unless_one_wishes(
    tmp_path: Path, clock: FrozenClock
) -> None:
    hub = build_test_hub(tmp_path / "here", clock=clock)
    assert started(hub) == ""
    assert "first_code" not in Visitor(hub).open("/join").text
    assert "has no accounts yet" not in Visitor(hub).open("/").text
    code = another(hub)  # of an operator with a proxy of which the settings know nothing
    assert refused(hub, "") == ("first_code.missing",)
    joined(hub, "operator", first_code=code)
    assert person(hub, "operator").admin
    hub.database.close()


def test_no_code_is_made_where_nobody_signs_up(tmp_path: Path, clock: FrozenClock) -> None:
    hub = build_test_hub(
        tmp_path / "closed", clock=clock, public_url=PUBLIC, **{"accounts.sign_up": "closed"}
    )
    assert started(hub) == ""
    page = Visitor(hub, site=PUBLIC).open("/").text
    assert "strata user create NAME --email ADDRESS --admin" in page
    assert "first-code" not in page
    hub.database.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "sentence", "label"),
    [
        ("en", "This site has no accounts yet", "Code of the first administrator"),
        ("zh-CN", "本站还没有任何账号", "首位管理员口令"),
    ],
)
def test_visitors_read_what_to_do_and_the_page_takes_the_code(
    tmp_path: Path, clock: FrozenClock, language: str, sentence: str, label: str
) -> None:
    hub = build_test_hub(tmp_path / "empty", clock=clock, public_url=PUBLIC)
    code, visitor = started(hub), Visitor(hub, site=PUBLIC, language=language)
    home = visitor.open("/").text
    assert sentence in home
    assert "strata user first-code" in home
    assert 'href="/join"' in home
    assert label in visitor.open("/join").text
    fields = {"email": "li@example.com", "password": PASSWORD}
    assert visitor.submit("/join", "/join", **fields, first_code="wrong").status == 400
    assert people(hub) == 0
    assert visitor.submit("/join", "/join", **fields, first_code=code).place == "/join?step=2"
    visitor.take_time()
    agreed = {"username": "li", "full_name": "", "language": "en", "consents": "on"}
    visitor.submit("/join?step=2", "/join", **agreed)
    assert person(hub, "li").admin
    assert sentence not in Visitor(hub, site=PUBLIC, language=language).open("/").text
    hub.database.close()
