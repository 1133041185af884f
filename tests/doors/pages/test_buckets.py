"""The pages of buckets: what they list, where their links lead, and to whom they are closed."""

import re
from html import unescape

import pytest

from fixtures.accounts import made
from fixtures.buckets import bucket_of, filled
from fixtures.large_files import noise
from fixtures.shown_repos import Visitor, session_of
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.repos.record import Repo
from strata.web.pages.bucket import files as pages

CONTENT = noise("shown", 20_000)
HOME = "/buckets/li-wei/box"
HOSTILE = "<script>x</script>\"'&.txt"


@pytest.fixture
def owner(hub: Hub) -> Actor:
    return made(hub, "li-wei", password=None)


@pytest.fixture
def bucket(hub: Hub, owner: Actor) -> Repo:
    box = bucket_of(hub, owner, "box")
    filled(hub, owner, box, {"a.txt": CONTENT, "logs/1/x.bin": CONTENT[:9_000], HOSTILE: CONTENT})
    return box


def without_id(page: str, name: str) -> str:
    """A page without the request's own id, and the name that was asked for."""
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", page).replace(name, "?")


def links(page: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="(/buckets/[^"]*)"', page)]


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ["3 files", "Use this bucket"]), ("zh-CN", ["3 个文件", "使用此存储桶"])],
)
def test_a_bucket_shows_its_files_in_both_languages(
    hub: Hub, language: str, words: list[str]
) -> None:
    answer = Visitor(hub, "", language).get(HOME)

    assert answer.status_code == 200
    assert all(word in answer.text for word in words)
    assert f"{HOME}/resolve/a.txt?download=true" in links(answer.text)
    assert f"{HOME}/tree/logs" in links(answer.text)
    assert "<script>x" not in answer.text


@pytest.mark.usefixtures("bucket")
def test_every_link_of_a_bucket_leads_somewhere(hub: Hub) -> None:
    visitor = Visitor(hub, "")
    open_pages, seen = [HOME], set[str]()
    while open_pages:
        address = open_pages.pop()
        if address in seen:
            continue
        seen.add(address)
        answer = visitor.get(address)
        assert answer.status_code == 200, address
        if "/resolve/" not in address:
            open_pages += links(answer.text)
    assert f"{HOME}/tree/logs/1" in seen
    assert f"{HOME}/resolve/logs/1/x.bin" in seen


@pytest.mark.usefixtures("bucket")
def test_long_folders_come_in_pages(hub: Hub, owner: Actor, bucket: Repo) -> None:
    filled(hub, owner, bucket, {f"many/{n:03}": CONTENT for n in range(pages.PER_PAGE + 1)})
    visitor = Visitor(hub, "")

    first = visitor.get(f"{HOME}/tree/many").text
    (onward,) = re.findall(r'rel="next" href="([^"]*)"', first)
    second = visitor.get(onward.replace("&amp;", "&")).text

    assert f"{HOME}/resolve/many/199" in first
    assert f"{HOME}/resolve/many/200" not in first
    assert f"{HOME}/resolve/many/200" in second
    assert f'href="{HOME}/tree/many"' in second


def test_a_private_bucket_is_shown_to_its_owner_alone(hub: Hub, owner: Actor) -> None:
    bucket_of(hub, owner, "vault", private=True)
    other = made(hub, "ada", password=None)
    mine = Visitor(hub, session_of(hub, owner))
    theirs, nobody = Visitor(hub, session_of(hub, other)), Visitor(hub, "")

    for page in ("/buckets/li-wei/vault", "/buckets", "/li-wei"):
        assert "/buckets/li-wei/vault" in mine.get(page).text
    for visitor in (theirs, nobody):
        closed = visitor.get("/buckets/li-wei/vault")
        absent = visitor.get("/buckets/li-wei/absent")
        assert closed.status_code == absent.status_code
        assert without_id(closed.text, "vault") == without_id(absent.text, "absent")
        for page in ("/buckets", "/li-wei", "/", "/search/full-text?q=vault"):
            assert "/buckets/li-wei/vault" not in visitor.get(page).text


def test_a_bucket_is_created_in_the_browser(hub: Hub, owner: Actor) -> None:
    visitor = Visitor(hub, session_of(hub, owner))

    created = visitor.post("/new-bucket", {"name": "fresh", "visibility": "private"})
    again = visitor.post("/new-bucket", {"name": "fresh", "visibility": "public"})

    assert (created.status_code, created.headers["location"]) == (303, "/buckets/li-wei/fresh")
    assert visitor.get("/buckets/li-wei/fresh").status_code == 200
    assert again.status_code == 400


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("path", ["tree/none", "tree/a.txt", "resolve/none"])
def test_what_is_not_there_is_a_page_that_says_so(hub: Hub, path: str) -> None:
    assert Visitor(hub, "").get(f"{HOME}/{path}").status_code == 404


SETTINGS = f"{HOME}/settings"


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize(
    ("language", "words"), [("en", "Delete this bucket"), ("zh-CN", "删除此存储桶")]
)
def test_only_those_who_manage_a_bucket_see_and_use_its_settings(
    hub: Hub, owner: Actor, language: str, words: str
) -> None:
    other = Visitor(hub, session_of(hub, made(hub, "ada", password=None)), language)
    mine = Visitor(hub, session_of(hub, owner), language)

    assert SETTINGS in links(mine.get(HOME).text)
    assert words in mine.get(SETTINGS).text
    assert SETTINGS not in links(other.get(HOME).text)
    assert other.get(SETTINGS).status_code == 403
    form = {"form": "visibility", "visibility": "private"}
    assert other.post(SETTINGS, form).status_code == 403
    assert Visitor(hub, "").get(HOME).status_code == 200


@pytest.mark.usefixtures("bucket")
def test_a_bucket_is_hidden_renamed_and_deleted_in_the_browser(hub: Hub, owner: Actor) -> None:
    mine, nobody = Visitor(hub, session_of(hub, owner)), Visitor(hub, "")

    mine.post(SETTINGS, {"form": "visibility", "visibility": "private"})
    hidden = nobody.get(HOME).status_code
    shown_without_name = mine.post(SETTINGS, {"form": "visibility", "visibility": "public"})
    wrong = mine.post(SETTINGS, {"form": "rename", "new_name": "b--x"})
    renamed = mine.post(SETTINGS, {"form": "rename", "new_name": "crate"})
    moved = mine.get(HOME)
    unnamed = mine.post("/buckets/li-wei/crate/settings", {"form": "delete"})
    sure = {"form": "delete", "delete_name": "li-wei/crate"}
    deleted = mine.post("/buckets/li-wei/crate/settings", sure)
    unknown = mine.post(SETTINGS, {"form": "gate", "gate": "auto"})

    assert hidden != 200
    assert [shown_without_name.status_code, wrong.status_code, unnamed.status_code] == [400] * 3
    assert renamed.headers["location"] == "/buckets/li-wei/crate"
    assert (moved.status_code, moved.headers["location"]) == (307, "/buckets/li-wei/crate")
    assert deleted.headers["location"] == "/li-wei"
    assert mine.get("/buckets/li-wei/crate").status_code == 404
    assert unknown.status_code == 400
