"""Turn a template and its values into a page.

One Jinja environment a language: undefined names are errors, everything is escaped, and a
sentence is translated by `{{ _('…') }}`, and `{{ gap }}` stands between two of them. A page needs
no inline script, style or handler, so the content security policy allows none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from strata.events.mails.troubles import Trouble
from strata.web.pages.frame.assets import icon_names, static_url
from strata.web.pages.frame.avatar import avatar_svg
from strata.web.pages.frame.compiled import COMPILED
from strata.web.pages.words import figures
from strata.web.pages.words.devices import device_text
from strata.web.pages.words.language import (
    LANGUAGES,
    choose_language,
    marks,
    translations,
)

__all__ = ["Frame", "Viewer", "at", "choose_language", "page", "static_url", "with_query"]

_PATH_SAFE: Final = "/-._~!$&'()*+,;=:@"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at the page, as the header shows them."""

    name: str
    full_name: str = ""
    avatar_url: str = ""  # empty: the drawn default
    unverified_email: str = ""  # masked; empty once the address is confirmed
    factor_due: datetime | None = None  # until when to set up a second factor
    factor_overdue: bool = False
    admin: bool = False  # of the site
    waiting: bool = False  # for those who run the hub to let the account in
    leaving_on: datetime | None = None  # when the account is deleted
    bouncing_email: str = ""  # masked: the primary address takes no mail
    trouble: Trouble | None = None  # what is wrong with it
    unread: int = 0  # notifications; at most as many as the badge counts

    @property
    def barred(self) -> str:
        """Why the viewer may change nothing yet, or no more; empty: they may.

        `confirm` an address, wait for `approval`, or `leaving`: the order in which rooms refuse.
        """
        if self.unverified_email:
            return "confirm"
        if self.waiting:
            return "approval"
        return "leaving" if self.leaving_on else ""

    @property
    def shut(self) -> bool:
        """Whether only forms of `Route.free` are taken from them; then they are `barred`."""
        return self.waiting or self.leaving_on is not None


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page needs beside its own values."""

    site_name: str
    base_url: str  # the public address of the site, without a slash at the end
    version: str
    language: str = "en"  # a key of LANGUAGES; also the `lang` of the page
    theme: str = "system"  # one of THEMES
    compact: bool = False  # less space between the rows of tables
    tab_width: int = 4
    shortcuts: bool = True  # single keys act
    code_theme: str = ""  # empty: the colours of the page
    timezone: str = ""  # IANA name; empty: UTC, until a script knows better
    path: str = "/"  # this page's path and query, from the root of the site
    viewer: Viewer | None = None
    csrf_token: str = ""
    announcement: str = ""
    sign_up_open: bool = True
    names_kept_days: int = 180  # names given up are kept so long from others; 0: for ever
    checklist: str = "seed"  # policy: what the list beside a new password shows

    @property
    def prefix(self) -> str:
        """The path of the site's root on its host: empty, or `/hub`."""
        return urlsplit(self.base_url).path.rstrip("/")


def page(template: str, frame: Frame, **context: object) -> str:
    """Render `templates/<template>` with `frame` and the page's own values.

    Raises:
        jinja2.UndefinedError: the template asks for a value that was not given.
        LookupError: it asks for an icon or a static file that does not exist.
    """
    templates = environment(frame.language, frame.prefix)
    with figures.told_in(frame.timezone):
        return templates.get_template(template).render(frame=frame, **context)


@cache
def environment(language: str, prefix: str = "") -> Environment:
    """Build the templates' environment for one language of a site below `prefix`.

    Templates and rooms name pages from the root of the site; a template writes an address that
    the browser sees with `at`.
    """

    def static(name: str) -> str:
        return at(static_url(name), prefix)

    made = Environment(
        loader=PackageLoader("strata.web.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        bytecode_cache=COMPILED,
    )
    # The i18n extension adds this method when it is loaded, which no type stub can know.
    made.install_gettext_translations(  # type: ignore[attr-defined]
        translations(language), newstyle=True
    )
    made.globals.update(
        at=partial(at, prefix=prefix),
        avatar_svg=_drawn_avatar,
        gap=marks(language).gap,
        icon=partial(icon, prefix=prefix),
        languages=LANGUAGES,
        static_url=static,
        with_query=with_query,
    )
    made.filters.update(_filters(language))
    return made


def _filters(language: str) -> dict[str, Callable[..., str]]:
    return {
        "bytes": figures.size_text,
        "compact": partial(figures.compact_text, language=language),
        "device": partial(device_text, language=language),
        "number": partial(figures.number_text, language=language),
        "day": partial(figures.date_text, language=language),
        "moment": partial(figures.moment_text, language=language),
        "url_path": url_path,
    }


def icon(name: str, size: int = 16, label: str = "", *, prefix: str = "") -> Markup:
    """Show an icon of the sprite; with a label it is an image, without one decoration.

    Raises:
        LookupError: the sprite has no such icon.
    """
    if name not in icon_names():
        raise LookupError(f"There is no icon {name!r} in static/icons.svg.")
    meaning = Markup('role="img" aria-label="{}"').format(label) if label else 'aria-hidden="true"'
    return Markup(
        '<svg class="icon" width="{0}" height="{0}" {1}><use href="{2}#{3}"></use></svg>'
    ).format(size, Markup(meaning), at(static_url("icons.svg"), prefix), name)  # noqa: S704 - built above, label escaped


def _drawn_avatar(name: str, size: int = 40) -> Markup:
    return Markup(avatar_svg(name, size))  # noqa: S704 - the name is hashed, never written


def at(address: str, prefix: str) -> str:
    """Put a path from the root of the site below the prefix; other addresses stay."""
    ours = address.startswith("/") and not address.startswith("//")
    return prefix + address if ours else address


def url_path(path: str) -> str:
    """Percent-encode a path for an address, keeping its slashes."""
    return quote(path, safe=_PATH_SAFE)


def with_query(address: str, **changes: object) -> str:
    """Change query parameters of a path: a value sets one, `None` takes it away."""
    parts = urlsplit(address)
    kept = [
        pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in changes
    ]
    added = [(name, str(value)) for name, value in changes.items() if value is not None]
    query = urlencode(kept + added)
    # Only the path is kept: a page never links itself to another host.
    path = "/" + parts.path.lstrip("/")
    return f"{path}?{query}" if query else path
