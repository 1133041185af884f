"""What is known of people, and the documents that they agree to."""

import hashlib
from importlib import resources

import pytest

from fixtures.accounts import calling, joined, made
from strata.accounts import profiles
from strata.accounts.legal import documents
from strata.accounts.legal.kinds import DocumentKind
from strata.core.actor import Actor
from strata.core.call import Call
from strata.core.errors import NotFound
from strata.core.hub import Hub
from strata.credentials.tokens import letters as token_letters
from strata.events.letters import Reader
from strata.events.outbox import Letter
from strata.membership.confirming import letters
from strata.sessions.signed_in import letters as entering_letters


def test_people_see_all_of_their_own_account(hub: Hub) -> None:
    alice = made(hub, "alice", admin=True)

    with calling(hub, alice) as call:
        seen = profiles.person(call, alice.user_id or 0)

    assert (seen.name, seen.full_name, seen.email) == ("alice", "alice", "alice@example.org")
    assert (seen.verified, seen.admin, seen.masked_email) == (True, True, "a•••@example.org")
    assert len(seen.public_id) == 24
    assert seen.avatar_path == f"/avatars/{seen.public_id}.svg"


def test_a_missing_account_is_not_found(hub: Hub) -> None:
    with calling(hub) as call, pytest.raises(NotFound):
        profiles.person(call, 404)


def test_strangers_see_no_unconfirmed_people(hub: Hub) -> None:
    carol = joined(hub, "carol")
    made(hub, "alice")

    with calling(hub) as call:
        assert profiles.public_profile(call, "carol") is None
        assert profiles.public_profile(call, "nobody") is None
        alice = profiles.public_profile(call, "ALICE")
    assert alice is not None
    assert alice.name == "alice"
    with calling(hub, Actor(user_id=carol.user_id, name="carol")) as call:
        assert profiles.public_profile(call, "carol") is not None


@pytest.mark.parametrize("kind", list(DocumentKind))
def test_documents_have_both_languages_and_one_version(hub: Hub, kind: DocumentKind) -> None:
    with calling(hub) as call:
        english, chinese = (documents.document(call, kind, spoken) for spoken in ("en", "zh-CN"))

    assert english.version == chinese.version == documents.packaged_versions()[kind.value]
    assert "Sample text" in english.text
    assert "示例文本" in chinese.text
    assert not english.text.startswith("Version")
    raw = resources.files("strata.accounts.legal") / "texts" / f"{kind.value}.en.md"
    assert english.sha256 == hashlib.sha256(raw.read_bytes()).hexdigest()


def test_other_languages_read_english(hub: Hub) -> None:
    with calling(hub) as call:
        assert documents.document(call, DocumentKind.TERMS, "fr").language == "en"


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_letters_escape_what_people_typed(hub: Hub, language: str) -> None:
    reader = Reader("a@example.org", "<script>", language)

    def written(call: Call) -> list[Letter]:
        return [
            letters.verify(call, reader, link="http://h/x?a=1&b=2", code="123456"),
            letters.welcome(call, reader),
            letters.sign_up_attempt(call, reader),
            entering_letters.log_in_failures(call, reader),
            token_letters.token_created(call, reader, token_name="<b>"),
            token_letters.token_rotated(call, reader, token_name="<b>"),
        ]

    with calling(hub) as call:
        for letter in written(call):
            assert "<script>" not in letter.html
            assert "<b>" not in letter.html
            assert letter.html.count("href=") == letter.text.count("http://") == 1
            assert f'lang="{language}"' in letter.html
            assert (letter.html.count("<h1>"), letter.html.count('class="button"')) == (1, 1)
            # Where the button leads is read before it is pressed, and nothing is fetched.
            assert letter.html.count("http://") == 2
            assert not any(sign in letter.html for sign in ("src=", "url(", "@import"))
            assert "\n" not in letter.subject
