"""The people and organizations whom the client's suite knows by name, made with `strata`.

Their names, full names and tokens stand in the client's tests for everyone to read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from clients.hub import Hub


@dataclass(frozen=True, slots=True)
class Person:
    """Someone whom the tests speak for (with a token) or look at."""

    name: str
    full_name: str = ""
    token: str | None = None


PEOPLE: Final = (
    Person("__DUMMY_HUB_USER__", "Dummy User", "hf_HubCITokenXXXXXXXXXXXXXXXXXXXXX"),
    Person("DVUser", token="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"),
    Person("EnterpriseAdmin", token="hf_enterprise_admin_token"),
    Person("julien-c"),
)


def make_accounts(hub: Hub) -> None:
    """Create everyone and everything that the suite expects to be there."""
    hub.commands(*_people(), *_tokens(), *_organizations())
    for person in PEOPLE:
        if person.token is not None:
            hub.keep_secret(person.name, person.token)


def _people() -> Iterator[tuple[str, ...]]:
    for person in PEOPLE:
        email = f"{person.name.strip('_')}@example.org"
        yield "user", "create", person.name, "--email", email, "--full-name", person.full_name


def _tokens() -> Iterator[tuple[str, ...]]:
    for person in PEOPLE:
        if person.token is not None:
            yield (
                "token", "create", "--user", person.name, "--name", "suite", "--role", "write",
                "--value", person.token,
            )  # fmt: skip


def _organizations() -> Iterator[tuple[str, ...]]:
    yield (
        "org", "create", "valid_org_hub", "--admin", "__DUMMY_HUB_USER__",
        "--full-name", "Dummy Hub Org",
    )  # fmt: skip
    yield (
        "org", "create", "EnterpriseOrgPrivate", "--admin", "EnterpriseAdmin",
        "--visibility", "private",
    )  # fmt: skip
    yield "org", "create", "HuggingFaceH4", "--admin", "EnterpriseAdmin"
