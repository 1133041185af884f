"""Every writing route either asks once more who sits there, or is listed with why it need not.

Product §3.9 names the acts. A new route that writes stands in neither list, and fails here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

import pytest

from doors.pages.visitors import Visitor, confirmed
from doors.pages.writes import NOT_OFFERED, OF_PROGRAMS, QUESTIONS, SDK, TICKETED, address, writing
from fixtures.accounts import PASSWORD as ACCOUNT_PASSWORD, calling, made, person
from fixtures.buckets import bucket_of
from fixtures.contents import changed, created, given
from fixtures.hubs import FrozenClock
from fixtures.large_files import oid_of
from fixtures.oauth import application
from fixtures.organizations import joins, organization
from fixtures.questions import OID
from strata.content.rewriting.naming import NameLargeFiles
from strata.core.actor import SYSTEM, Actor, Role, TokenRole
from strata.core.call import working
from strata.core.hub import Hub
from strata.core.names import GIT_TYPES
from strata.credentials.oauth.tables import oauth_apps
from strata.credentials.tokens import making
from strata.web.paths import Route

Asked = Mapping[str, str | bool | object]

LARGE: Final = b"large" * 1000
FACTORS: Final = "/settings/authentication"
ORG: Final = "/organizations/{name}/settings"
REPO: Final = "/{web}{repo}/settings"
BUCKET: Final = "/buckets/{repo}/settings"
TYPED: Final = {"form": "visibility", "visibility": "public", "public_name": "owner/thing"}
MARK: Final = "0123456789abcdef" * 2  # as js/proof.js makes them
ACME: Final = {
    "full_name": "Acme",
    "visibility": "public",
    "two_factor": "on",
    "two_factor_days": "7",
}

# What must be refused without a proof: for each route the forms, or bodies, that are dangerous.
DEMANDED: Final[Mapping[str, tuple[Asked, ...]]] = {
    # addresses, password, username
    "/settings/account/emails": ({"email": "another@example.com"},),
    "/settings/account/emails/change": (
        {"act": "remove", "key": "x@example.com"},
        {"act": "primary", "key": "x@example.com"},
        {"act": "again", "key": "x@example.com"},
    ),
    "/settings/account/username": ({"username": "somebody"},),
    # second factors, and the browsers that need none
    f"{FACTORS}/authenticator": ({},),
    f"{FACTORS}/authenticator/confirm": ({"code": "123456"},),
    f"{FACTORS}/authenticator/remove": ({},),
    f"{FACTORS}/recovery-codes": ({},),
    f"{FACTORS}/removal/cancel": ({},),
    f"{FACTORS}/passkeys/new": ({"name": "phone", "passkey": "{}"},),
    f"{FACTORS}/passkeys": (
        {"passkey": "1", "act": "remove"},
        {"passkey": "1", "act": "rename", "name": "phone"},
    ),
    f"{FACTORS}/devices": ({"device": "1"}, {"device": "all"}),
    # other browsers (ASVS 7.5.2)
    f"{FACTORS}/sessions": ({"session": "1"},),
    f"{FACTORS}/sessions/others": ({},),
    # log-ins elsewhere
    f"{FACTORS}/identities": ({"provider": "there"},),
    f"{FACTORS}/identities/unlink": ({"identity": "1"},),
    f"{FACTORS}/publishers": (
        {"issuer": "https://gitlab.com", "claims": "sub = x"},
        {"publisher": "1"},
    ),
    # tokens, keys, applications
    "/settings/tokens/new": (
        {"name": "mine", "role": "write"},
        {"name": "mine", "role": "fineGrained", "own:repo.write": "on"},
        {"name": "mine", "role": "fineGrained", "org:acme:repo.content.read": "on"},
    ),
    "/settings/tokens/{id}/edit": ({"own:repo.content.read": "on"},),
    "/settings/tokens/{id}/refresh": ({},),
    "/settings/keys/ssh": ({"title": "laptop", "key": "ssh-ed25519 AAAA"},),
    "/settings/keys/gpg": ({"key": "-----BEGIN PGP PUBLIC KEY BLOCK-----"},),
    "/settings/applications/new": ({"name": "mine"},),
    "/settings/applications/{id}": (
        {"name": "mine", "redirect_uris": "https://elsewhere.example/x", "scope-openid": "on"},
    ),
    "/settings/applications/{id}/secret": ({},),
    "/settings/applications/{id}/public": ({},),
    # repos and buckets
    REPO: (
        TYPED,
        {"form": "rename", "new_name": "other"},
        {"form": "transfer", "new_owner": "acme", "transfer_name": "owner/thing"},
        {"form": "delete", "delete_name": "owner/thing"},
    ),
    BUCKET: (
        TYPED,
        {"form": "rename", "new_name": "other"},
        {"form": "transfer", "new_owner": "acme", "transfer_name": "owner/thing"},
        {"form": "delete", "delete_name": "owner/thing"},
    ),
    f"{REPO}/storage": ({f"file-{oid_of(LARGE)}": "on", "confirm_name": "owner/thing"},),
    f"{REPO}/publishers": (
        {"issuer": "https://gitlab.com", "claims": "sub = x"},
        {"publisher": "1"},
    ),
    f"{BUCKET}/publishers": (
        {"issuer": "https://gitlab.com", "claims": "sub = x"},
        {"publisher": "1"},
    ),
    # who works on a repo
    **{
        f"{settings}/collaborators": (
            {"form": "invite", "who": "stranger", "role": "read"},
            {"form": "withdraw", "invite": "0" * 24},
            {"form": "role", "user": "helper", "role": "write"},
            {"form": "remove", "user": "helper"},
        )
        for settings in (REPO, BUCKET)
    },
    **{
        f"{api}/collaborators{rest}": (asked,)
        for api in ("/api/{type}/{repo}", "/api/buckets/{repo}")
        for rest, asked in (
            ("", {"user": "stranger", "role": "read"}),
            ("/{user}", {"role": "write"}),
            ("/invitations/{key}", {}),
        )
    },
    "/settings/repositories": (
        {"repo-model:owner/thing": "on", "act": "public", "confirm": "owner"},
        {"repo-model:owner/thing": "on", "act": "delete", "confirm": "owner"},
    ),
    "/api/repos/delete": ({"name": "thing", "organization": "owner", "type": "model"},),
    "/api/repos/move": ({"fromRepo": "owner/thing", "toRepo": "owner/other", "type": "model"},),
    "/api/{type}/{repo}/settings": ({"private": False},),
    "/api/{type}/{repo}/super-squash/{path}": ({},),
    "/api/{type}/{repo}/lfs-files/batch": ({"deletions": {"sha": [OID]}},),
    "/api/{type}/{repo}/lfs-files/{oid}": ({},),
    "/api/buckets/{repo}": ({},),
    "/api/buckets/{repo}/settings": ({"private": False},),
    # organizations: their owners, their name, their end, what they demand
    ORG: (ACME,),
    f"{ORG}/account": (
        {"form": "rename", "new_name": "other"},
        {"form": "delete", "delete_name": "acme"},
    ),
    f"{ORG}/members": (
        {"form": "role", "user": "helper", "role": "admin"},
        {"form": "role", "user": "second", "role": "read"},
        {"form": "remove", "user": "second"},
    ),
    f"{ORG}/invites": ({"form": "invite", "who": "stranger", "role": "admin"},),
    "/settings/organizations": ({"form": "leave", "name": "acme"},),
    "/api/organizations/{name}/members/{user}/role": ({"role": "read"},),
    # the administration of the site: to enter it, and every write there
    "/admin": ({"next": "/admin/audit"},),
    "/admin/mail/test": ({"address": "ann@example.com"},),
    "/admin/mail/retry": ({"mail": "1"},),
    "/admin/mail/confirm": ({"username": "stranger"},),
    # leaving
    "/settings/account/export": ({},),
    "/settings/account/delete": ({"confirm_name": "owner"},),
}

# And the others, by why nobody has to prove anything there.
FREE: Final[Mapping[str, tuple[str, ...]]] = {
    "comes before a session, or is itself a proof": (
        "/join", "/api/signup", "/login", "/login/passkey", "/login/2fa", "/login/recovery",
        "/login/confirm/{token}", "/forgot-password", "/reset-password/{token}",
        "/agree", "/agree/later",
        "/settings/confirm-access", "/settings/authentication/password",
    ),
    "takes rights away, or ends something": (
        "/logout", "/api/logout",
        "/settings/keys/{kind}/{id}/remove", "/settings/tokens/revoke-all",
        "/settings/tokens/{id}/delete", "/settings/connected-applications/{id}/revoke",
        "/settings/connected-applications/{id}",
        "/settings/applications/{id}/delete", "/settings/account/delete/cancel",
        "/api/organizations/{name}/settings/tokens/revoke",
        "/api/{type}/{repo}/collaborators/leave", "/api/buckets/{repo}/collaborators/leave",
    ),
    "answers an invitation, which gives rights to the caller alone": (
        "/settings/collaborations", "/settings/collaborations/{token}",
        "/api/settings/collaborations/{key}/accept", "/api/settings/collaborations/{key}/decline",
    ),
    "needs what only the mailbox or the session of another site has": (
        "/settings/emails/confirm/{token}", "/email_confirmation/{token}", "/verify-email/resend",
        "/verify-email/address", "/verify-email/code", f"{FACTORS}/password/mail", "/login/link",
        "/settings/notifications/unsubscribe/{ticket}",
    ),
    "approves something that waits (product §3.11: proof not required)": (
        "/device", "/oauth/authorize",
    ),
    "is how one looks, or what one hears of": (
        "/settings/profile", "/settings/profile/picture", "/settings/profile/picture/remove",
        "/settings/applications/{id}/logo", "/settings/applications/{id}/logo/remove",
        "/organizations/{name}/settings/picture",
        "/settings/preferences", "/settings/notifications", "/settings/watching",
        "/settings/following", "/settings/billing", "/settings/gated-repos",
        "/api/users/{name}/follow", "/api/organizations/{name}/follow", "/notifications",
        "/api/notifications", "/api/notifications/mark-as-read", "/api/settings/notifications",
        "/api/settings/watch",
    ),
    "makes something new, which is its maker's": (
        "/new", "/new-dataset", "/new-space", "/new-kernel", "/new-bucket", "/organizations/new",
        "/collections/new", "/api/repos/create", "/api/collections", "/uploads",
    ),
    "is daily work on repos: undone by a commit, or kept by git": (
        "/api/{type}/{repo}/branch/{path}", "/api/{type}/{repo}/tag/{revision}",
        "/api/{type}/{repo}/tag/{path}", "/api/{type}/{repo}/preupload/{revision}",
        "/api/{type}/{repo}/commit/{revision}", "/api/{type}/{repo}/duplicate",
        "/api/{type}/{repo}/lfs-files/duplicate", "/api/buckets/{repo}/lfs-files/duplicate",
        "/api/datasets/{namespace}/{name}/upload/{revision}/{path}",
        "/api/spaces/{namespace}/{name}/upload/{revision}/{path}",
        "/api/{namespace}/{name}/upload/{revision}/{path}",
        "/api/datasets/{namespace}/{name}/delete/{revision}/{path}",
        "/api/spaces/{namespace}/{name}/delete/{revision}/{path}",
        "/api/{namespace}/{name}/delete/{revision}/{path}", "/api/buckets/{repo}/batch",
        "/{web}{repo}.git/info/lfs/objects/batch", "/{web}{repo}.git/git-receive-pack",
    ),
    "is talk, lists and likes": (
        "/api/{type}/{repo}/discussions", "/api/{type}/{repo}/discussions/{number}",
        "/api/{type}/{repo}/like", "/{web}{repo}/like", "/{web}{repo}/discussions/new",
        "/{web}{repo}/discussions/{number}", "/collections/add",
        "/api/collections/{namespace}/{slug}",
        "/api/{type}/{repo}/discussions/{number}/comment",
        "/api/{type}/{repo}/discussions/{number}/comment/{comment}/edit",
        "/api/{type}/{repo}/discussions/{number}/comment/{comment}/hide",
        "/api/{type}/{repo}/discussions/{number}/comment/{comment}/reaction",
        "/api/{type}/{repo}/discussions/{number}/title",
        "/api/{type}/{repo}/discussions/{number}/status",
        "/api/{type}/{repo}/discussions/{number}/merge",
        "/api/{type}/{repo}/discussions/{number}/pin",
        "/api/{type}/{repo}/discussions/{number}/lock",
        "/api/{type}/{repo}/discussions/{number}/ref",
        "/api/collections/{namespace}/{slug}/items",
        "/api/collections/{namespace}/{slug}/items/batch",
        "/api/collections/{namespace}/{slug}/items/{item}",
        "/api/collections/{namespace}/{slug}/upvote",
        "/api/collections/{namespace}/{slug}/resource-group",
        "/collections/{namespace}/{slug}/upvote", "/collections/{namespace}/{slug}/edit",
    ),
    "lets single people read, or asks for that": (
        "/{web}{repo}/ask-access", "/{web}{repo}/ask-access/withdraw",
        "/{web}{repo}/settings/access-requests", "/api/{type}/{repo}/user-access-request/handle",
        "/api/{type}/{repo}/user-access-request/grant",
        "/api/{type}/{repo}/user-access-request/batch",
        "/api/{type}/{repo}/user-access-request/cancel",
    ),
    "calls others, within what its owner may know": (
        "/settings/webhooks/new", "/settings/webhooks/{id}", "/settings/webhooks/{id}/enable",
        "/settings/webhooks/{id}/disable", "/settings/webhooks/{id}/delete",
        "/settings/webhooks/{id}/test", "/settings/webhooks/{id}/deliveries/{log}/replay",
        "/api/settings/webhooks", "/api/settings/webhooks/{id}",
        "/api/settings/webhooks/{id}/enable",
        "/api/settings/webhooks/{id}/disable", "/api/settings/webhooks/{id}/replay/{log}",
    ),
    "makes no admin": (
        f"{ORG}/joining", "/organizations/{name}/join", "/organizations/{name}/share/{token}",
        f"{ORG}/tokens", "/api/organizations/{name}/resource-groups",
    ),
}  # fmt: skip


def of_sessions() -> Iterator[tuple[str, Route]]:
    for method, route in writing():
        template = route.template
        of_others = template in QUESTIONS or template in OF_PROGRAMS
        if not (of_others or TICKETED.fullmatch(template) or NOT_OFFERED.fullmatch(template)):
            yield method, route


def test_every_route_that_writes_is_decided() -> None:
    free = [template for templates in FREE.values() for template in templates]
    assert len(free) == len(set(free))
    assert DEMANDED.keys() & set(free) == set()
    assert not [template for template in free if template.startswith("/admin")]
    assert {route.template for _, route in of_sessions()} == DEMANDED.keys() | set(free)


@pytest.fixture
def owner(hub: Hub, clock: FrozenClock) -> Visitor:
    """Somebody who has everything, logged in for sixteen minutes."""
    made(hub, "ruth", admin=True)  # before the others: there is a site with an admin
    visitor = confirmed(hub, "owner")
    user_id = person(hub, "owner").id
    actor = Actor(user_id=user_id, name="owner", verified=True)
    for name in ("second", "helper", "stranger"):
        confirmed(hub, name)
    organization(hub, "owner")
    joins(hub, "second", Role.ADMIN)
    joins(hub, "helper", Role.READ)
    repos = [created(hub, actor, "thing", one, private=True, sdk=SDK.get(one)) for one in GIT_TYPES]
    changed(hub, actor, repos[0], [given(hub, actor, repos[0], "large.bin", LARGE)])
    bucket_of(hub, actor, "thing", private=True)
    application(hub, "1")
    with calling(hub, SYSTEM) as call:
        NameLargeFiles(repos[0].id).run(call)
        with working(call) as work:
            making.create_for(work, user_id, "narrow", TokenRole.FINE_GRAINED)
            work.db.execute(oauth_apps.update().values(owner_id=user_id))
    clock.advance(timedelta(minutes=16))
    return visitor


def admin_at_work(hub: Hub, clock: FrozenClock) -> Visitor:
    """An admin of the site, who entered the console sixteen minutes ago."""
    visitor = Visitor(hub)
    assert visitor.log_in("ruth", ACCOUNT_PASSWORD).status == 303
    assert visitor.submit("/admin", "/admin").status == 303
    clock.advance(timedelta(minutes=16))
    return visitor


@pytest.mark.slow  # fifty requests
def test_nothing_dangerous_is_done_without_a_fresh_proof(
    hub: Hub, owner: Visitor, clock: FrozenClock
) -> None:
    ruth = admin_at_work(hub, clock)
    not_asked = []
    for method, route in of_sessions():
        if (method, route.template) == ("POST", "/api/buckets/{repo}"):
            continue  # makes one; DELETE ends it
        visitor = ruth if route.template.startswith("/admin") else owner
        proof = visitor.open("/settings/account").hidden("/logout")
        for fields in DEMANDED.get(route.template, ()):
            told = sent(visitor, method, route, fields, proof)
            if told != "asked":
                not_asked.append((method, route.template, fields, told))
    assert not_asked == []


@pytest.mark.slow  # fifty requests
def test_every_form_that_needs_a_proof_is_asked_over_its_page(
    hub: Hub, owner: Visitor, clock: FrozenClock
) -> None:
    """Each act leaves the browser where it is, when its page can ask by itself (js/proof.js).

    That every page can, and every form is such a one, stands in `tests/web/test_forms.py`.
    """
    ruth = admin_at_work(hub, clock)
    wrong = []
    for _, route in of_sessions():
        if not route.page or route.template not in DEMANDED:
            continue
        visitor = ruth if route.template.startswith("/admin") else owner
        proof = visitor.open("/settings/account").hidden("/logout")
        for fields in DEMANDED[route.template]:
            asked = {key: str(value) for key, value in fields.items()} | {"sudo_stay": MARK}
            answer = visitor.send(address(route), proof | asked)
            told = [one.partition(";")[0] for one in answer.cookies]
            if (answer.status, told) != (204, [f"proof-{MARK}=wanted"]):
                wrong.append((route.template, fields, answer.status, told))
    assert wrong == []


def sent(
    visitor: Visitor, method: str, route: Route, fields: Asked, proof: Mapping[str, str]
) -> str:
    place = address(route).replace("super-squash/x", "super-squash/main")
    if route.page:
        page = visitor.send(place, {**proof, **{key: str(fields[key]) for key in fields}})
        if page.status == 403 and "Confirm that it is you" in page.text:
            return "asked"
        errors = re.findall(r'class="field-error[^>]*>([^<]+)', page.text)
        return f"{page.status} {page.place} {errors} {page.headers.get('x-error-message')}"
    answer = visitor.client.request(
        method, place, content=json.dumps(fields), headers={"Content-Type": "application/json"}
    )
    code = answer.headers.get("x-error-code")
    return "asked" if code == "ProofNeeded" else f"{answer.status_code} {answer.text}"
