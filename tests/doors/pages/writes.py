"""Every request that writes, as it comes from pages and from programs."""

import re
from collections.abc import Iterator

from httpx2 import Response

from doors.pages.visitors import Visitor
from fixtures.questions import OID, body
from strata.core.names import RepoType
from strata.web.paths import Route
from strata.web.routes import ROUTES

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
SDK = {RepoType.SPACE: "static"}
# Writes that an unconfirmed account may do: getting in and out, and getting confirmed.
ALLOWED = {
    "/join": "signs up",
    "/api/signup": "signs up",
    "/login": "logs in",
    "/login/2fa": "logs in",
    "/login/recovery": "logs in",
    "/login/passkey": "logs in",
    "/login/confirm/{token}": "logs in",
    "/settings/authentication/devices": "has browsers asked for more",
    "/logout": "logs out",
    "/api/logout": "ends the token of a password log-in",
    "/verify-email/resend": "asks for a new mail",
    "/verify-email/address": "changes the address that is to be confirmed",
    "/verify-email/code": "confirms",
    "/email_confirmation/{token}": "confirms",
    "/admin": "is there for the admins of the site alone",
    "/admin/mail/test": "is there for the admins of the site alone",
    "/admin/mail/retry": "is there for the admins of the site alone",
    "/admin/mail/confirm": "is there for the admins of the site alone",
    "/agree": "agrees to documents that changed",
    "/agree/later": "puts that off",
    "/forgot-password": "asks for a link",
    "/reset-password/{token}": "chooses a password, which a link allows",
    "/settings/confirm-access": "proves who they are",
    "/settings/emails/confirm/{token}": "confirms, which a link allows",
    "/settings/authentication/password": "changes the password",
    "/settings/authentication/password/mail": "asks for a link",
    "/settings/authentication/sessions": "signs browsers out",
    "/settings/authentication/sessions/others": "signs browsers out",
    "/login/link": "links another site to the account",
    "/settings/authentication/identities": "links another site to the account",
    "/settings/authentication/identities/unlink": "unlinks it",
    "/settings/keys/{kind}/{id}/remove": "removes a key of a time before",
    "/settings/tokens/revoke-all": "revokes tokens that an operator made",
    "/settings/tokens/{id}/delete": "revokes a token that an operator made",
    "/settings/connected-applications/{id}/revoke": "shuts an application out",
    "/settings/connected-applications/{id}": "lets an application do less",
    "/settings/preferences": "chooses how pages look",
    "/settings/notifications": "chooses what to hear of",
    "/settings/notifications/unsubscribe/{ticket}": "stops mails, which a link allows",
    "/settings/profile": "edits the profile",
    "/settings/profile/picture": "edits the profile",
    "/settings/profile/picture/remove": "edits the profile",
    "/settings/account/username": "edits the profile",
    "/settings/account/delete": "deletes the account",
}
# POST only because the question is long: they change nothing.
QUESTIONS = {
    "/api/{type}/{repo}/paths-info/{revision}",
    "/api/buckets/{repo}/paths-info",
    "/api/quicksearch",
    "/api/validate-yaml",
    "/{web}{repo}.git/git-upload-pack",
    "/v1/telemetry",
}
# Asked by programs, which show who they are themselves: a person's credentials count for nothing
# there, and what a person gives them is given on a page.
OF_PROGRAMS = {
    "/oauth/token",
    "/oauth/device",
    "/oauth/revoke",
    "/oauth/register",
    "/oauth/userinfo",
    "/api/credentials/revoke",  # finders of leaked tokens
    "/api/credentials/scanned",  # secret scanners, which sign what they send
    "/api/login",  # with a password, where an operator allows it
    "/logout/backchannel/{provider}",  # sites that end sessions, which sign what they say
}
# Opened by a ticket which the doors of UPLOAD_DOORS give out, and by nothing else.
TICKETED = re.compile(r"/xet/.*|/\{web\}\{repo\}\.git/info/lfs/objects/(verify|\{oid\}|\{oid\}/.*)")
GRANT = b'{"length": 1, "checksum": {"algo": "crc64nvme", "value": "1"}}'
# Known requests that this hub serves to nobody.
NOT_OFFERED = re.compile(r"/\{web\}\{repo\}\.git/info/lfs/locks.*|/api/buckets/\{owner\}")


def writing() -> Iterator[tuple[str, Route]]:
    for route in ROUTES:
        for method in sorted(WRITES & set(route.methods)):
            yield method, route


def address(route: Route) -> str:
    """Fill a template in with the repo that is there."""
    values = {
        "{type}": "models", "{web}": "", "{repo}": "owner/thing", "{namespace}": "owner",
        "{name}": "thing", "{revision}": "main", "{path}": "x", "{id}": "1", "{oid}": OID,
        "{token}": "t", "{number}": "1", "{user}": "owner", "{comment}": "0" * 24, "{sha}": OID,
        "{slug}": f"title-{'0' * 24}", "{item}": "0" * 24, "{log}": "0" * 24,
        "{kind}": "ssh", "{ticket}": "t", "{key}": "0" * 24,
    }  # fmt: skip
    # A branch and a tag are there under these names.
    path = route.template.replace("/tag/{path}", "/tag/y")
    path = path.replace("/users/{name}", "/users/owner")
    path = path.replace("/organizations/{name}", "/organizations/acme")
    return re.sub(r"\{\w+\}", lambda found: values.get(found[0], "x"), path)


def ticketed_address(route: Route) -> str:
    """Fill in the template of a route that a ticket opens."""
    path = re.sub(r"\{epoch\}|\{number\}", "1", route.template)
    path = re.sub(r"\{hash\}|\{oid\}", OID, path).replace("{prefix}", "default")
    return path.replace("{web}{repo}", "owner/thing").replace("{grant}", "x")


def asked(visitor: Visitor, method: str, route: Route, **headers: str) -> Response:
    content, kind = body(route)
    return visitor.client.request(
        method, address(route), content=content, headers={"Content-Type": kind, **headers}
    )


# What a mailbox sends, which has seen no page of ours: test_unsubscribing.py shows what it may.
OF_MAILBOXES = "/settings/notifications/unsubscribe/{ticket}"
FORM_PAGES = [route for method, route in writing() if route.page and method == "POST"]
