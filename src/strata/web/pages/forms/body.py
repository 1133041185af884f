"""What a browser sends when a form is submitted, and the proof that the form was ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, TypeVar
from urllib.parse import parse_qsl

from starlette.requests import Request

from strata.accounts.legal import agreeing
from strata.accounts.legal.kinds import DocumentKind
from strata.accounts.standing import require_open
from strata.core.call import Call, working
from strata.core.errors import ConsentNeeded, InvalidFields, Malformed
from strata.sessions.signed_in import csrf, sudo
from strata.web.pages.frame.cookies import form_cookie_name
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import visiting
from strata.web.pages.words.language import N_
from strata.web.work import body_of, exchange

T = TypeVar("T")

Form = Mapping[str, str]

LONGEST_BODY: Final = 64 * 1024  # bytes
MOST_FIELDS: Final = 64
AGREEING: Final = "agreeing"  # the field of a form that agrees to newer documents
PROOF: Final = "sudo_password"  # the fields in which a proof of who sits there comes
PROOF_CODE: Final = "sudo_code"
PROOF_PASSKEY: Final = "sudo_passkey"
PROOF_MAIL: Final = "sudo_mail"  # asks for a code by mail
PROOFS: Final = frozenset({PROOF, PROOF_CODE, PROOF_PASSKEY, PROOF_MAIL})
STAY: Final = "sudo_stay"  # written by js/proof.js: the page asks for a proof itself
STALE_FORM: Final = N_("This form is too old. Open the page again and repeat your entry.")
_TYPE: Final = "application/x-www-form-urlencoded"


async def form_of(request: Request, longest: int = LONGEST_BODY, most: int = MOST_FIELDS) -> Form:
    """Read a submitted form: field → value, the last one where a field comes twice.

    Raises:
        Malformed: another type of body, too many fields, or text that no field can hold.
        TooLarge: more than `longest` bytes.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _TYPE:
        raise Malformed(f"Send the form as {_TYPE}.")
    body = await body_of(request, longest)
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=most + 1
        )
    except ValueError as error:
        raise Malformed("The form has too many fields.") from error
    if any("\0" in name or "\0" in value for name, value in pairs):
        raise Malformed("A field holds a character that cannot be kept (U+0000).")
    return received(request, dict(pairs))


def received(request: Request, fields: dict[str, str]) -> Form:
    """Note what was submitted, for pages that send it again, without what their script added."""
    facts = exchange(request)
    facts.stays = fields.pop(STAY, "")
    facts.form = fields
    return fields


async def submitted(
    request: Request, form: Form, act: Callable[[Call, Form], T]
) -> tuple[Visit, T]:
    """Run the act of a form, if the form was one of our pages for this very visitor.

    An act that asks who sits there (`require_sudo`) fails with `ProofNeeded`; the failure page has
    the same form sent again with a proof, which is taken here before the act.

    Raises:
        Malformed: the form was not, or its session is over.
        ConsentNeeded: the documents changed since the visitor agreed to them.
        ProofNeeded: the proof that came along proves nothing.
    """
    exchange(request).hashes = PROOF in form

    def within(call: Call) -> T:
        _require_genuine(call, request, form)
        return act(_proved(_agreed(call, request, form), request, form), form)

    return await visiting(request, within)


def _agreed(call: Call, request: Request, form: Form) -> Call:
    """The call of a visitor who has agreed to the newest documents, if the form needs that.

    Raises:
        Forbidden: the account waits for approval or for its deletion.
        ConsentNeeded: they have not, or the form that says so is wrong.
    """
    match = exchange(request).match
    if match is not None and match.route.free:
        return call
    require_open(call.actor.standing)
    if AGREEING not in form or call.actor.agree_by is None:
        if call.actor.must_agree:
            raise ConsentNeeded
        return call
    try:
        with working(call) as work:
            agreeing.agree(work, consents_in(form), read_in=form.get("documents_language", ""))
    except InvalidFields as error:
        raise ConsentNeeded(error.fields["consents"][0]) from error
    return replace(call, actor=replace(call.actor, must_agree=False, agree_by=None))


def consents_in(form: Form) -> dict[str, str]:
    """The versions that were on the page, once the box is ticked."""
    if "consents" not in form:
        return {}
    versions = {kind.value: form.get(f"{kind.value}_version", "") for kind in DocumentKind}
    return {kind: version for kind, version in versions.items() if version}


def _proved(call: Call, request: Request, form: Form) -> Call:
    """The call of a visitor who has just proved who they are, if the form says so."""
    if PROOFS.isdisjoint(form) or call.actor.session_id is None:
        return call
    proved = sudo.prove(call, _proof(form))
    facts = exchange(request)
    facts.renewed, facts.actor = proved.session, proved.actor
    return replace(call, actor=proved.actor)


def _proof(form: Form) -> sudo.Proof:
    return sudo.Proof(
        password=form.get(PROOF, ""),
        code=form.get(PROOF_CODE, ""),
        passkey=form.get(PROOF_PASSKEY, ""),
        by_mail=PROOF_MAIL in form,
    )


def _require_genuine(call: Call, request: Request, form: Form) -> None:
    given = form.get("csrf_token", "")
    if call.actor.session_id is not None:
        genuine = csrf.is_genuine(call.hub, call.actor.session_mark, given)
    else:
        cookie = request.cookies.get(form_cookie_name(request), "")
        genuine = csrf.is_form_cookie(call.hub, cookie) and csrf.is_genuine(call.hub, cookie, given)
    if not genuine:
        raise Malformed(STALE_FORM)
