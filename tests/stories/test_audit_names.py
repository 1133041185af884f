"""Every event that product §3.20 asks for: which act records it, or why there is no such act."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import FunctionType

import pytest

from fixtures.accounts import calling, made
from fixtures.contents import created, uploaded
from fixtures.git_server import Git, Origin, served
from fixtures.organizations import joins, organization, today
from strata.access import audit
from strata.access.organizations import change_organization
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

# The name, and the function that writes it down: `module:function`.
RECORDED_BY: Mapping[str, str] = {
    "account.signup": "membership.joining.signup:sign_up",
    "account.verify_email": "membership.joining.verification:_confirm",
    "account.login": "sessions.entering.entry:enter",
    "account.login_failed": "sessions.entering.guessing:note_failure",
    "account.logout": "sessions.entering.sessions:log_out",
    "account.lockout": "sessions.entering.guessing:_watch_person",
    "account.new_device": "sessions.entering.browsers:_tell",
    "account.sudo": "sessions.entering.sudo:_proved",
    "account.password_change": "sessions.entering.changing:change_password",
    "account.password_reset_request": "sessions.entering.reset:send",
    "account.password_reset": "membership.recovery:choose",
    "account.email_add": "membership.emails.changes:_confirmed",
    "account.email_remove": "membership.emails.changes:remove",
    "account.email_primary": "membership.emails.changes:_make_primary",
    "account.username_change": "repos.follow:rename_account",
    "account.profile_update": "accounts.profile.details:change_details",
    "account.avatar_update": "accounts.profile.picture:_point_to",
    "account.consent": "accounts.legal.agreeing:agree",
    "account.identity_link": "sessions.identities.linking:keep",
    "account.identity_unlink": "sessions.identities.linking:unlink",
    "account.2fa_enable": "sessions.protecting.changing:turn_on",
    "account.2fa_disable": "sessions.protecting.changing:turn_off",
    "account.2fa_failed": "accounts.factors.checking:failed",
    "account.recovery_regenerate": "sessions.protecting.changing:renew_codes",
    "account.recovery_used": "sessions.protecting.finishing:_tell_of_recovery",
    "account.passkey_add": "sessions.protecting.changing:add_passkey",
    "account.passkey_remove": "sessions.protecting.changing:remove_passkey",
    "account.session_revoke": "sessions.entering.sessions:revoke",
    "account.export": "membership.export.ask:ask",
    "account.delete_schedule": "membership.closing.leave:schedule",
    "account.delete_cancel": "membership.closing.leave:cancel",
    "account.delete": "membership.closing.gone:delete",
    "token.create": "credentials.tokens.tokens:_tell",
    "token.edit": "credentials.tokens.renewing:edit",
    "token.rotate": "credentials.tokens.renewing:rotate",
    "token.delete": "credentials.tokens.tokens:delete",
    "token.expire": "credentials.tokens.expiring:_note_over",
    "token.revoke_leak": "credentials.tokens.leaks:_end",
    "token.org_approve": "access.org_tokens:_settle",
    "token.org_deny": "access.org_tokens:_settle",
    "token.org_revoke": "access.org_tokens:_settle",
    "key.ssh_add": "credentials.keys.ssh:add",
    "key.ssh_remove": "credentials.keys.ssh:remove",
    "key.gpg_add": "credentials.keys.gpg:add",
    "key.gpg_remove": "credentials.keys.gpg:remove",
    "oauth.app_create": "credentials.oauth.making.own:create",
    "oauth.app_update": "credentials.oauth.making.own:change",
    "oauth.app_secret": "credentials.oauth.making.own:rotate",
    "oauth.app_delete": "credentials.oauth.making.own:_remove",
    "oauth.authorize": "credentials.oauth.authorize:allow",
    "oauth.deny": "credentials.oauth.authorize:deny",
    "oauth.revoke": "credentials.oauth.consents:revoke",
    "oauth.device_approve": "credentials.oauth.device:_tell",
    "oauth.refresh_reuse": "credentials.oauth.refreshing:_thief",
    "repo.create": "repos.create:insert",
    "repo.delete": "repos.change:delete",
    "repo.move": "repos.change:move",
    "repo.update_settings": "repos.change:change_settings",
    "repo.delete_lfs_file": "content.rewriting.removal:_give_up",
    "repo.duplicate": "content.making.duplicate:duplicate",
    "repo.trusted_publisher_add": "repos.publishers.manage:trust_for_repo",
    "repo.trusted_publisher_remove": "repos.publishers.manage:distrust_for_repo",
    "repo.collaborator_invite": "repos.collaborating.inviting:_record",
    "repo.collaborator_withdraw": "repos.collaborating.inviting:withdraw",
    "repo.collaborator_accept": "repos.collaborating.answering:_accept",
    "repo.collaborator_decline": "repos.collaborating.answering:_decline",
    "repo.collaborator_role": "repos.collaborating.changing:change_role",
    "repo.collaborator_remove": "repos.collaborating.changing:remove",
    "repo.collaborator_leave": "repos.collaborating.changing:leave",
    "gate.request": "access.requests:ask",
    "gate.accept": "access.decisions:_settle",
    "gate.reject": "access.decisions:_settle",
    "gate.cancel": "access.decisions:_settle",
    "gate.reset": "access.decisions:_settle",
    "gate.grant": "access.decisions:grant",
    "gate.export": "web.api.access_report:_exported",
    "discussion.create": "community.discussions.opening:begin",
    "discussion.delete": "community.pulls.merging:delete_discussion",
    "collection.create": "community.collections.edit:create",
    "collection.delete": "community.collections.edit:delete",
    "org.create": "organizations.create:create",
    "org.rename": "repos.follow:rename_organization",
    "org.delete": "repos.ending:delete_organization",
    "org.add_user": "organizations.members:set_role",
    "org.remove_user": "organizations.members:remove",
    "org.change_role": "organizations.members:set_role",
    "org.leave": "organizations.members:remove",
    "org.invite_user": "organizations.inviting.sending:_keep",
    "org.invite.accept": "organizations.inviting.answering:accept",
    "org.settings.update": "organizations.change:change",
    "org.settings.joining": "organizations.admitting.asking:change",
    "org.settings.tokens": "access.org_tokens:change_rules",
    "org.audit_log.export": "access.audit:note_export",
    "webhook.create": "community.webhooks.manage:create",
    "webhook.update": "community.webhooks.manage:change",
    "webhook.delete": "community.webhooks.manage:delete",
    "webhook.disable": "community.webhooks.manage:disable",
    "webhook.replay": "community.webhooks.log:replay",
    "quota.override": "accounts.plans.grants:override",
    "quota.exceeded": "blobs.quota.telling:tell_exceeded",
    "quota.plan_change": "accounts.plans.grants:assign",
    "quota.request": "access.plans.requests:ask",
    "admin.login": "sessions.entering.console:enter",
    "admin.gc": "blobs.sweep:sweep",
    "admin.announce": "community.announcements.announce:announce",
    "admin.legal_publish": "accounts.legal.documents:publish",
    "admin.user_approve": "membership.joining.approval:approve",
    "admin.user_suspend": "membership.closing.suspend:suspend",
    "admin.user_restore": "membership.closing.suspend:_open",
    "admin.user_reset_password": "membership.closing.suspend:demand_password",
}
# Told from the detail of another fact: the tests below do these things.
DERIVED = {
    "repo.visibility", "repo.gated", "repo.push", "repo.commit", "repo.force_push",
    "repo.branch_create", "repo.branch_delete", "repo.tag_create", "repo.tag_delete", "repo.squash",
    "repo.delete_pr_ref", "discussion.status", "discussion.merge", "discussion.lock",
    "discussion.pin", "discussion.hide_comment",
}  # fmt: skip
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
    "admin.mail_test": "no test mail is sent by hand",
}


@pytest.mark.parametrize(("name", "place"), RECORDED_BY.items(), ids=list(RECORDED_BY))
def test_an_act_records_the_name(name: str, place: str) -> None:
    module, _, function = place.partition(":")
    act = getattr(import_module(f"strata.{module}"), function)
    assert isinstance(act, FunctionType)
    assert "record" in inspect.getsource(act) or "tell(" in inspect.getsource(act).lower()
    assert name in set(_texts(act)), f"{place} does not record {name}"


def test_every_name_has_words_for_people() -> None:
    assert {*RECORDED_BY, *DERIVED} - TYPES.keys() == set()


def _texts(act: FunctionType) -> Iterator[str]:
    """The texts that a function names, itself or by a constant of its module."""
    code = act.__code__
    yield from (text for text in code.co_consts if isinstance(text, str))
    for name in code.co_names:
        value = act.__globals__.get(name)
        for one in value.values() if isinstance(value, dict) else [value]:
            if isinstance(one, str):
                yield one


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
