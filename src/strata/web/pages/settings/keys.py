"""SSH and GPG keys: list, add, remove; and by which keys this server is known (product P11)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call, working
from strata.core.errors import InvalidFields, NotFound
from strata.core.hub import Hub
from strata.credentials.keys import gpg, ssh
from strata.credentials.keys.gpg import GpgKey
from strata.credentials.keys.ssh import SshKey
from strata.lib.keys.host import HostKey, published
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.addresses.clone_address import Place, ssh_place
from strata.web.pages.frame.visit import redirected, shown, user_id_of, visiting
from strata.web.pages.words.account import NOTHING_WRONG, Told, told
from strata.web.work import field

PAGE: Final = "/settings/keys"
LONGEST_FORM: Final = 1024 * 1024  # bytes: a GPG key with many certifications, percent-encoded
LONGEST_ID: Final = 18  # digits
MISSING: Final = "There is no such key."
_ADDED: Final = {"ssh": "ssh-key-added", "gpg": "gpg-key-added"}
_REMOVED: Final = {"ssh": "ssh-key-removed", "gpg": "gpg-key-removed"}


@dataclass(frozen=True, slots=True)
class Entered:
    """What stands in a form that was refused."""

    kind: str = ""  # "ssh" or "gpg"
    title: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    """Everything that the page shows."""

    ssh_keys: list[SshKey]
    gpg_keys: list[GpgKey]
    server: Place | None  # None: nothing is served over SSH
    host_keys: list[HostKey]
    base_url: str
    now: datetime

    @property
    def known_hosts(self) -> str:
        if self.server is None:
            return ""
        place = self.server
        return "\n".join(key.known_hosts_line(place.host, place.port) for key in self.host_keys)


async def page(request: Request) -> Response:
    """GET /settings/keys"""
    return await _page(request, Entered())


async def add_ssh(request: Request) -> Response:
    """POST /settings/keys/ssh"""
    return await _add(request, "ssh")


async def add_gpg(request: Request) -> Response:
    """POST /settings/keys/gpg"""
    return await _add(request, "gpg")


async def ask_remove(request: Request) -> Response:
    """GET /settings/keys/{kind}/{id}/remove"""
    kind, key_id = _named(request)
    visit, found = await visiting(request, _find)
    listed: list[SshKey] | list[GpgKey] = found.ssh_keys if kind == "ssh" else found.gpg_keys
    key = next((one for one in listed if one.id == key_id), None)
    if key is None:
        raise NotFound(MISSING)
    return shown(request, "accounts/key_confirm.html", visit, kind=kind, key=key)


async def remove(request: Request) -> Response:
    """POST /settings/keys/{kind}/{id}/remove"""
    form, (kind, key_id) = await form_of(request), _named(request)

    def act(call: Call, _: Form) -> None:
        user_id_of(call)
        with working(call) as work:
            (ssh if kind == "ssh" else gpg).remove(work, key_id)

    await submitted(request, form, act)
    return redirected(request, PAGE, notice=_REMOVED[kind])


async def _add(request: Request, kind: str) -> Response:
    form = await form_of(request, LONGEST_FORM)
    entered = Entered(kind, form.get("title", ""), form.get("key", ""))

    def act(call: Call, _: Form) -> None:
        user_id_of(call)
        with working(call) as work:
            if kind == "ssh":
                ssh.add(work, entered.title, entered.key)
            else:
                gpg.add(work, entered.key)

    try:
        await submitted(request, form, act)
    except InvalidFields as error:
        return await _page(request, entered, error)
    return redirected(request, PAGE, notice=_ADDED[kind])


async def _page(request: Request, entered: Entered, error: InvalidFields | None = None) -> Response:
    visit, found = await visiting(request, _find)
    errors = told(visit.frame.language, error) if error else NOTHING_WRONG
    if "PRIVATE" in entered.key:
        entered = replace(entered, key="")  # it is not sent around once more
    return shown(
        request,
        "accounts/keys.html",
        visit,
        status=400 if error else 200,
        found=found,
        entered=entered,
        errors=_at_form(errors, entered.kind),
    )


def _at_form(errors: Told, kind: str) -> Told:
    """Both forms stand on one page; a field is named after its form."""
    return Told(tuple((f"{kind}-{name}", said) for name, said in errors.summary), errors.language)


def _find(call: Call) -> _Found:
    owner = user_id_of(call)
    server = ssh_place(call.hub.settings)
    return _Found(
        ssh_keys=ssh.of(call, owner),
        gpg_keys=gpg.of(call, owner),
        server=server,
        host_keys=_host_keys(call.hub) if server else [],
        base_url=call.origin.base_url,
        now=call.now,
    )


def _host_keys(hub: Hub) -> list[HostKey]:
    return published(hub.settings.ssh_keys_folder)


def _named(request: Request) -> tuple[str, int]:
    kind, text = field(request, "kind"), field(request, "id")
    if kind not in _REMOVED or not (text.isascii() and text.isdigit() and len(text) <= LONGEST_ID):
        raise NotFound(MISSING)
    return kind, int(text)
