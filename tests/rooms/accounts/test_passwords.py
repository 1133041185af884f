"""The password policy, example by example, and how passwords are kept."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from fixtures.accounts import PASSWORD
from fixtures.hubs import FrozenClock, build_test_hub
from strata.accounts.passwords import hashing, policy
from strata.accounts.passwords.chosen import new_password_faults
from strata.accounts.passwords.peppers import load_peppers
from strata.core.hub import Hub
from strata.core.settings import loading
from strata.core.settings.groups.accounts import AccountsSettings
from strata.core.settings.refusal import BadSettings
from strata.core.settings.tree import Settings


@pytest.mark.parametrize(
    "password",
    ["Abcdef1!", "Abcdefg!", "密码安全Ab！测", "Abcdef !", "Aa!" + "x1y" * 41 + "zz", "Abcdefg￥"],  # noqa: RUF001 — typed by Chinese input methods
)
def test_passwords_that_keep_every_rule(password: str) -> None:
    assert policy.faults(password) == ()


@pytest.mark.parametrize(
    ("password", "broken"),
    [
        ("Abcdefg1", ("pw.need_special", "pw.common")),
        ("Zbcdefg1", ("pw.need_special",)),
        ("Abcdefg ", ("pw.need_special",)),
        ("abcdefg!", ("pw.need_upper",)),
        ("ABCDEFG!", ("pw.need_lower",)),
        ("Abcde1!", ("pw.too_short",)),
        ("Password!", ("pw.common",)),
        ("Password2024!", ("pw.common",)),
        ("Aa!" + "x" * 126, ("pw.too_long",)),
        ("A" * 10_000, ("pw.too_long",)),
        ("Abcdef\x00!", ("pw.control_char",)),
        ("密码", ("pw.too_short", "pw.need_upper", "pw.need_lower", "pw.need_special")),
        ("", ("pw.too_short", "pw.need_upper", "pw.need_lower", "pw.need_special")),
    ],
)
def test_every_broken_rule_is_named_at_once(password: str, broken: tuple[str, ...]) -> None:
    assert policy.faults(password) == broken


def test_a_password_must_not_contain_who_it_is_for() -> None:
    identities = ("alice", "al")

    assert policy.faults("xxAlice-99!", identities=identities) == ("pw.contains_identity",)
    assert policy.faults("Falmouth-9!", identities=identities) == ()


def test_a_password_must_not_be_the_site_and_a_year() -> None:
    assert policy.faults("Strata-2026!", site_name="Strata") == ("pw.common",)


def test_a_word_of_the_operator_is_in_no_password(tmp_path: Path, clock: FrozenClock) -> None:
    words = {"accounts.password_words": ("Contoso", "blau")}
    hub = build_test_hub(tmp_path / "words", clock=clock, **words)  # type: ignore[arg-type]  # by key
    for password, broken in (
        ("My-contoso-Key!7", ("pw.common",)),
        ("Himmel-BLAU-und-weit!", ("pw.common",)),
        ("My-other-Key!7", ()),
    ):
        assert new_password_faults(hub, password) == broken
    hub.database.close()


def test_length_counts_what_unicode_sees_as_one() -> None:
    decomposed = "e\u0301" * 4 + "A!"  # four letters and two, once composed

    assert policy.faults(decomposed) == ("pw.too_short",)


def test_the_common_list_is_large() -> None:
    assert len(policy._common()) >= 10_000  # noqa: SLF001 — its size is the requirement


@pytest.mark.slow
def test_a_kept_password_is_recognised(tmp_path: Path, clock: FrozenClock) -> None:
    cost: dict[str, Any] = {"accounts.password_hash_mib": AccountsSettings().password_hash_mib}
    hub = build_test_hub(tmp_path, clock=clock, **cost)
    kept = hashing.hash_password(hub, PASSWORD)

    assert kept.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    assert hashing.matches(hub, kept, PASSWORD)
    assert not hashing.matches(hub, kept, PASSWORD + "x")
    assert not hashing.is_outdated(hub, kept)
    hub.database.close()


def test_both_spellings_of_an_accent_are_one_password(hub: Hub) -> None:
    kept = hashing.hash_password(hub, "Caf\u00e9-Caf\u00e9!")

    assert hashing.matches(hub, kept, "Cafe\u0301-Cafe\u0301!")


@pytest.mark.parametrize("password", ["", "\x00", PASSWORD])
def test_nobody_has_a_password_that_matches_nothing(hub: Hub, password: str) -> None:
    assert not hashing.matches(hub, None, password)
    assert not hashing.matches(hub, "broken", password)


def test_a_hash_with_other_parameters_is_outdated(hub: Hub) -> None:
    older = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1)

    assert hashing.is_outdated(hub, older.hash(PASSWORD))


def test_a_pepper_goes_into_each_new_hash_and_may_be_changed(hub: Hub) -> None:
    old, new, plain = "a" * 32, "b" * 32, hashing.hash_password(hub, PASSWORD)
    first, both, late = (replace(hub, peppers=of) for of in ((old,), (new, old), (new,)))
    kept = hashing.hash_password(first, PASSWORD)

    def outcome(place: Hub, stored: str) -> tuple[bool, bool]:
        return hashing.matches(place, stored, PASSWORD), hashing.is_outdated(place, stored)

    assert (old in kept, hashing.matches(first, kept, PASSWORD + "x")) == (False, False)
    assert outcome(first, plain) == (True, True)  # of before: the next log-in renews it
    assert outcome(first, kept) == (True, False)
    assert outcome(both, kept) == (True, True)
    assert not hashing.matches(late, kept, PASSWORD)
    # Without the file the database alone says nothing, even of a right guess at the bare hash.
    bare = kept[kept.index("$") :]
    assert not any(hashing.matches(hub, stored, PASSWORD) for stored in (kept, bare))


def test_peppers_are_read_a_line_each(tmp_path: Path) -> None:
    file = tmp_path / "peppers"
    file.write_text(f"{'b' * 32}\n\n  {'a' * 64}\n")

    assert load_peppers(with_peppers(tmp_path, file)) == ("b" * 32, "a" * 64)
    assert load_peppers(with_peppers(tmp_path, Path())) == ()


def with_peppers(folder: Path, file: Path) -> Settings:
    overrides = {"data": folder, "accounts.password_pepper_file": file}
    return loading.load(environment={}, overrides=overrides).settings


@pytest.mark.parametrize("text", [None, "", "too short\n", f"{'a' * 32}\nshort\n"])
def test_a_file_without_peppers_is_refused_at_start(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "peppers"
    if text is not None:
        file.write_text(text)

    with pytest.raises(BadSettings, match=r"accounts\.password_pepper_file"):
        load_peppers(with_peppers(tmp_path, file))


def test_more_threads_than_slots_all_finish(hub: Hub) -> None:
    kept = hashing.hash_password(hub, PASSWORD)
    answers: list[bool] = []
    threads = [
        threading.Thread(target=lambda: answers.append(hashing.matches(hub, kept, PASSWORD)))
        for _ in range(12)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [True] * 12
