"""Every event that product §3.20 asks for: which act records it, or why there is no such act."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.accounts import calling, made
from fixtures.audit_names import DERIVED, RECORDED
from fixtures.contents import created, uploaded
from fixtures.git_server import Git, Origin, served
from fixtures.organizations import joins, organization, today
from strata.access import audit
from strata.access.organizations.founding import change_organization
from strata.accounts.profile.details import Details, change_details
from strata.community.discussions import thread
from strata.community.discussions.opening import open_discussion
from strata.community.pulls import merging
from strata.community.pulls.propose import propose
from strata.content import refs
from strata.content.making.duplicate import Place, duplicate
from strata.content.rewriting.squash import super_squash
from strata.content.writing.operations import Add, Change
from strata.core.actor import SYSTEM, Actor, Role
from strata.core.call import working
from strata.core.hub import Hub
from strata.lib.db.seek import Window
from strata.organizations.change import OrganizationSettings
from strata.repos.change import Settings, change_settings
from strata.repos.record import Repo
from strata.web.pages.words.audit import TYPES

WITHOUT_ACT = {
    "repo.restore": "a deleted repository is not brought back",
    "repo.disable": "nobody takes a repository down yet",
    "repo.removeDisable": "nobody takes a repository down yet",
    "repo.add_secret": "Spaces do not run, so they have no secrets",
    "discussion.report": "discussions are not reported yet",
    "mirror.*": "no upstream is mirrored yet",
    "admin.impersonate_*": "nobody looks as somebody else",
    "admin.setting_change": "settings come from a file and the environment, not from a page",
    "admin.break_glass": "admins do not open what is private",
    "admin.job_*": "nobody cancels or retries jobs by hand",
}


def test_every_name_has_words_for_people() -> None:
    assert {*RECORDED, *DERIVED} - TYPES.keys() == set()


def log(hub: Hub) -> list[str]:
    with calling(hub, SYSTEM) as call:
        return [told.entry.type for told in reversed(audit.everything(call, Window(1000)).rows)]


@pytest.fixture
def ana(hub: Hub) -> Actor:
    return made(hub, "ana")


@pytest.fixture
def repo(hub: Hub, ana: Actor) -> Repo:
    repo = created(hub, ana, "one")
    uploaded(hub, ana, repo, {"a.txt": b"a"})
    return repo


@pytest.mark.slow
def test_what_git_brings_is_told_from_commits(hub: Hub, ana: Actor, tmp_path: Path) -> None:
    (tmp_path / "machine").mkdir()
    git = Git(tmp_path / "machine")
    with served(hub) as url:
        origin = Origin(hub, url)
        repo = origin.repo(ana, "one", files={"a.txt": b"a"})
        clone = git.clone(origin.address(repo, origin.token(ana)))
        seen = len(log(hub))

        def news() -> list[str]:
            nonlocal seen
            found = log(hub)
            seen, fresh = len(found), found[seen:]
            return fresh

        git.commit(clone, {"b.txt": b"b"})
        git.ok("push", "origin", "main", at=clone)
        assert news() == ["repo.push"]
        git.ok("tag", "v1", at=clone)
        git.commit(clone, {"c.txt": b"c"})
        git.ok("push", "origin", "main", "v1", "main:side", at=clone)
        assert sorted(news()) == ["repo.branch_create", "repo.push", "repo.tag_create"]
        git.ok("reset", "--hard", "HEAD~1", at=clone)
        git.commit(clone, {"d.txt": b"d"})
        git.ok("push", "--force", "origin", "main", ":side", ":v1", at=clone)
        assert sorted(news()) == ["repo.branch_delete", "repo.force_push", "repo.tag_delete"]


def test_what_the_api_does_to_a_repo_has_its_name(hub: Hub, ana: Actor, repo: Repo) -> None:
    seen = len(log(hub))
    with calling(hub, ana) as call:
        uploaded(hub, ana, repo, {"b.txt": b"b"})
        refs.create_branch(call, repo.repo_id, "side")
        refs.create_tag(call, repo.repo_id, "main", "v1")
        refs.delete_tag(call, repo.repo_id, "v1")
        refs.delete_branch(call, repo.repo_id, "side")
        super_squash(call, repo.repo_id, "main")
        duplicate(call, repo.repo_id, Place("ana", "two"))
        with working(call) as work:
            change_settings(work, repo.repo_id, Settings(private=True))
            change_settings(work, repo.repo_id, Settings(gated="auto"))
    assert log(hub)[seen:] == [
        "repo.commit",
        "repo.branch_create",
        "repo.tag_create",
        "repo.tag_delete",
        "repo.branch_delete",
        "repo.squash",
        "repo.create",
        "repo.branch_create",  # main, of the copy
        "repo.duplicate",
        "repo.visibility",
        "repo.gated",
    ]


def test_what_happens_to_discussions_has_its_name(hub: Hub, ana: Actor, repo: Repo) -> None:
    with calling(hub, ana) as call:
        number = open_discussion(call, repo.repo_id, "Hello", "there").number
        event = thread.comment(call, repo.repo_id, number, "again")
        pull = propose(call, repo.repo_id, "main", Change("Better", "", (Add("c", b"c"),)))
        seen = len(log(hub))
        with working(call) as work:
            thread.pin(work, repo.repo_id, number, pinned=True)
            thread.lock(work, repo.repo_id, number, locked=True)
            thread.hide(work, repo.repo_id, number, event.key)
        thread.change_status(call, repo.repo_id, number, "closed")
        merging.merge(call, repo.repo_id, pull.number, merging.Wish())
        with working(call) as work:
            merging.delete_ref(work, repo.repo_id, pull.number)
    named = [type_ for type_ in log(hub)[seen:] if type_ != "repo.commit"]
    assert named == [
        "discussion.pin",
        "discussion.lock",
        "discussion.hide_comment",
        "discussion.status",
        "discussion.merge",
        "repo.delete_pr_ref",
        "discussion.update",
    ]


def test_what_changed_stands_beside_what_was(hub: Hub, ana: Actor) -> None:
    made(hub, "bob")
    organization(hub, "ana")
    joins(hub, "bob", Role.READ)
    admin = today(hub, ana)
    joins(hub, "bob", Role.WRITE, by=admin)
    settings = OrganizationSettings("Acme Inc", True, False, Details(bio="We make things"))  # noqa: FBT003
    with calling(hub, admin) as call, working(call) as work:
        change_organization(work, "acme", settings)
        change_details(work, ana.user_id or 0, "Ana B.", Details(bio="hf_" + "a" * 34))
    with calling(hub, SYSTEM) as call:
        told = [one.entry.detail for one in audit.everything(call, Window(3)).rows]
    person, changed_org, role = told
    assert (person["before"], person["fields"]) == (
        {"bio": "", "full_name": "ana"},
        ["bio", "full_name"],
    )
    assert person["after"] == {"bio": "[redacted]", "full_name": "Ana B."}
    assert changed_org["before"] == {"bio": "", "full_name": "acme", "visibility": "public"}
    assert changed_org["after"] == {
        "bio": "We make things",
        "full_name": "Acme Inc",
        "visibility": "private",
    }
    assert (role["before"], role["after"]) == ({"role": "read"}, {"role": "write"})
