"""Log in with a name and a password and get a token, as huggingface_hub before 0.8 does (S-042).

Off unless an operator turns it on: nothing but a password is asked for. It is the log-in of the
page in every other respect: the same limits, the same silence, the same accounts that are refused.
"""

from __future__ import annotations

import secrets
from typing import Final

from strata.accounts.factors import halfway
from strata.accounts.factors.halfway import Ticket
from strata.accounts.puzzles import NOT_DONE, Done
from strata.accounts.standing import require_open
from strata.core.actor import TokenRole
from strata.core.call import Call, Work, working
from strata.core.errors import BadCredentials, EmailNotVerified, Forbidden, Unauthenticated
from strata.credentials.tokens import ending, making
from strata.sessions.entering import login
from strata.sessions.entering.login import IN_BROWSER, LogIn
from strata.sessions.entering.waiting import Waiting
from strata.sessions.signed_in import sessions

NAME: Final = "Password log-in"
OFF: Final = (
    "This hub takes no passwords here. Create an access token in the settings of your account, "
    "and log in with that."
)
WRONG: Final = "Invalid username or password."
SECOND_FACTOR: Final = (
    "This account asks for a second factor, which cannot be entered here. Create an access token "
    "in the settings of your account, and log in with that."
)
CONFIRM_FIRST: Final = "Please confirm your email address before you log in with a program."


def log_in(call: Call, name: str, password: str, done: Done = NOT_DONE) -> str:
    """A write token for whoever knows the password; it stands in their list and ends with logout.

    Raises:
        Forbidden: an operator has not turned this on, the account is not open, or has more than
            a password.
        BadCredentials: one sentence for every reason.
        EmailNotVerified: the address is not confirmed.
        TooMany: this person, this address, or both, failed too often.
        WorkNeeded: this address did; it may work for each attempt instead of waiting.
        InvalidFields: the account holds as many tokens as it may (`token.too_many`).
    """
    if not call.hub.settings.accounts.legacy_password_login:
        raise Forbidden(OFF)
    try:
        entered = login.log_in(call, LogIn(identifier=name, password=password, work=done))
    except BadCredentials as error:
        raise BadCredentials(WRONG) from error
    if isinstance(entered, Waiting):
        raise Forbidden(IN_BROWSER)
    if isinstance(entered, Ticket):
        with working(call) as work:
            halfway.use(work, entered)
        raise Forbidden(SECOND_FACTOR)
    with working(call) as work:
        person = sessions.actor_for_session(work.db, work.hub, entered.session.cookie)
        sessions.end(work, entered.session.cookie)  # what is wanted is a token
    if person is None:
        raise BadCredentials(WRONG)
    require_open(person.standing)
    if not entered.verified:
        raise EmailNotVerified(CONFIRM_FIRST)
    with working(call) as work:
        title = f"{NAME} {work.now:%Y-%m-%d %H:%M} {secrets.token_hex(4)}"
        return making.create_for(work, entered.user_id, title, TokenRole.WRITE).value


def log_out(work: Work) -> None:
    """End the token that the caller shows, if a password log-in made it; others are kept.

    Raises:
        Unauthenticated: no token came along.
    """
    token = work.actor.token
    if token is None:
        raise Unauthenticated(WRONG)
    if token.name.startswith(f"{NAME} "):
        ending.end(work, token.id)
