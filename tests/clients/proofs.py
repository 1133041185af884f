"""Second factors and proofs as people show them in a browser."""

import sqlite3
import time
from pathlib import Path
from typing import Final

import pyotp

from clients.hub import Hub, Person
from clients.pages import Browsing
from fixtures.axe import WCAG, violations

SETTINGS: Final = "/settings/authentication"


def password(here: Browsing, person: Person) -> None:
    """Log in as far as the password goes."""
    here.page.goto(f"{here.base}/login")
    here.page.fill("[name=username]", person.name)
    here.page.fill("[name=password]", person.password)
    here.page.keyboard.press("Enter")
    here.page.wait_for_url(lambda url: not url.endswith("/login"))


def checked(here: Browsing, path: str = "") -> None:
    """Look at a page as axe does, and on a narrow screen."""
    if path:
        here.page.goto(f"{here.base}{path}")
    here.check()
    colours = here.language == "en"  # they are the same in each
    assert violations(here.page, WCAG, colours=colours) == [], here.page.url


def code(secret: str, step: int) -> str:
    return str(pyotp.TOTP(secret).generate_otp(step))


def set_up_app(here: Browsing, folder: Path) -> tuple[str, list[str]]:
    """Set an authenticator app up; give its secret and the recovery codes of the file."""
    checked(here, SETTINGS)
    here.page.click(f"form[action='{SETTINGS}/authenticator'] button")
    here.page.wait_for_url(f"{here.base}{SETTINGS}/authenticator")
    checked(here)
    secret = here.page.inner_text("#strata-secret").replace(" ", "")
    while time.time() % 30 > 20:  # the code of the step before is about to be too old
        here.page.wait_for_timeout(500)
    here.page.fill("[name=code]", code(secret, int(time.time()) // 30 - 1))
    here.page.keyboard.press("Enter")
    here.page.wait_for_selector(".recovery-codes")
    checked(here)
    shown = here.page.locator(".recovery-codes code").all_inner_texts()
    with here.page.expect_download() as download:
        here.page.click("a[download]")
    kept = download.value
    assert kept.suggested_filename == "strata-recovery-codes.txt"
    kept.save_as(folder / "codes.txt")
    assert (folder / "codes.txt").read_text().split() == shown
    return secret, shown


def forget_proofs(hub: Hub) -> None:
    """Let a quarter of an hour pass for every log-in."""
    database = sqlite3.connect(hub.data / "strata.db", timeout=30)
    with database:
        database.execute("UPDATE sessions SET proved_until = 0")
    database.close()
