"""The pages of the hub as a person finds their way: by role and by visible name.

Every locator of the browser stories is here, in both languages, and nowhere else.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, Protocol
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Request,
)

from clients.hub import Hub
from clients.judged import judge
from fixtures.browsers import settle, untranslated_in

Language = Literal["en", "zh-CN"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh-CN")
NARROW: Final = 320  # pixels, the narrowest screen the pages promise to fit
WIDE: Final = 1320  # pixels
HEIGHT: Final = 860  # pixels
# Asked at once: each question by itself goes through three processes.
_SHOWN: Final = """() => ({
  lang: document.documentElement.lang, title: document.title, text: document.body.innerText,
  headings: [...document.querySelectorAll('h1')].map((one) => one.innerText),
  marks: document.querySelectorAll('[data-focus], [role=alert], dialog[open]').length,
})"""

_WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "sign up": ("Sign Up", "注册"),
        "log in": ("Log In", "登录"),
        "settings": ("Settings", "设置"),
        "access tokens": ("Access Tokens", "访问令牌"),
        "new token": ("New Token", "新建令牌"),
        "generate token": ("Generate Token", "生成令牌"),
    }
)
"""The labels of the tutorial: exact, in English and Chinese."""

_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "email": "e-?mail|邮箱|电子邮件",
        "password": "password|密码",
        "username": "user ?name|用户名",
        "consent": "agree|同意",
        "next": "next|continue|下一步|继续",
        "create account": "create( my)? account|sign up|创建账[户号]|注册",
        "account menu": "account|profile|menu|账[户号]|用户菜单",
        "token name": "name|名称",
        "write": "^write|^读写",
        "confirm": "confirm|verify|确认|验证",
        "confirmed": "confirmed|verified|已确认|已验证|验证成功|确认成功",
        "check your mailbox": "check your mail|mailbox|查收|检查.*(邮箱|邮件)",
        "code": "^code|^代码",
        "authorize": "^authorize$|^授权$",
        "deny": "^deny|^拒绝",
        "revoke": "^revoke|^吊销",
        "you are done": "you are done|已完成",
        "not authorized": "not authorized|未授权",
        "code is wrong": "code is wrong|代码有误",
        "too many attempts": "too many attempts|尝试次数过多",
        "the command line": "Hub CLI / Python library",
    }
)
"""Names that the tutorial leaves open: patterns over both languages."""

TOKEN: Final = re.compile(r"hf_[A-Za-z]{34}")


def new_context(
    browser: Browser, language: Language, *, phone: bool = False, scripts: bool = True
) -> BrowserContext:
    """Open a context of its own: other cookies, one language; a phone has a narrow touch screen.

    The colours need none: `Browsing.check` looks at each page in light and in dark.
    """
    width, height = (390, 844) if phone else (WIDE, HEIGHT)
    return browser.new_context(
        locale=language,
        viewport={"width": width, "height": height},
        has_touch=phone,
        java_script_enabled=scripts,
    )


@dataclass  # without slots: Playwright keeps its mark on an object whose method it calls
class Browsing:
    """One page of one browser context, watched from the start for what must never happen.

    Those are console errors, uncaught exceptions, and requests to hosts that are not `known`. What
    happens on pages of those that are known is theirs.
    """

    page: Page
    base: str
    language: Language
    complaints: list[str] = field(default_factory=list)
    methods: dict[str, str] = field(default_factory=dict)  # by path, of the last request
    scripts: bool = True  # the browser runs them
    known: frozenset[str] = frozenset()  # origins of other sites that belong to the story

    def __post_init__(self) -> None:
        self.page.on("console", self._note_console)
        self.page.on("pageerror", self._note_exception)
        self.page.on("request", self._note_request)

    def open(self, path: str) -> None:
        """Go to a path of the hub and check the page."""
        answer = self.page.goto(path if "://" in path else self.base + path)
        assert answer is not None
        assert answer.status < 400, f"{path} answered {answer.status}"
        self.check()

    def check(self) -> None:
        """Check what holds on every page (product §6.0).

        A violation of the content security policy is a console error.

        Raises:
            AssertionError: A console error, a foreign request, a page wider than 320 pixels
                of screen, a document in another language, a sentence that nobody translated, or
                what axe calls serious, in light or in dark.
        """
        settle(self.page)
        self.require_quiet()
        self.look()

    def require_quiet(self) -> None:
        """Check that nothing happened so far that must never happen, on whichever page.

        Raises:
            AssertionError: something did.
        """
        assert not self.complaints, self.complaints

    def forgive(self, status: int) -> None:
        """Forget that Chromium noted itself that an answer had this status; nothing else happened.

        Raises:
            AssertionError: something else did, or this did not.
        """
        noted, self.complaints = self.complaints, []
        assert noted, f"Chromium noted no {status}"
        assert all(f"status of {status} " in one for one in noted), noted

    def look(self) -> None:
        """Check the page that is shown, whatever the browser said on the way to it."""
        shown = self.page.evaluate(_SHOWN)
        assert shown["lang"] == self.language, f"{self.page.url} is in {shown['lang']!r}"
        assert shown["title"], self.page.url
        assert len(shown["headings"]) == 1, self.page.url
        keys = untranslated_in(shown["text"])
        assert not keys, f"{self.page.url} shows {keys}"
        usual = self.page.viewport_size
        assert usual is not None, "every context has a size"
        self.page.set_viewport_size({"width": NARROW, "height": HEIGHT})
        widest = self.page.evaluate("document.documentElement.scrollWidth")
        found = self._judged(shown["headings"][0], shown["marks"])
        self.page.set_viewport_size(usual)
        assert widest <= NARROW, f"{self.page.url} is {widest} pixels wide on a narrow screen"
        assert not found, f"{self.page.url}: {found}"

    def _judged(self, heading: str, marks: int) -> list[str]:
        """What axe finds on this page that it was not asked before."""
        if not self.scripts:  # axe waits for timers, which do not run there
            return []
        return judge(self.page, self.language, heading, marks)

    def word(self, name: str) -> str:
        """Return a label of the tutorial in the language of this browser."""
        english, chinese = _WORDS[name]
        return english if self.language == "en" else chinese

    def control(self, name: str) -> Locator:
        """Find a link, button or menu item by its exact label."""
        return self._any_role(self.word(name), exact=True)

    def loose_control(self, name: str) -> Locator:
        """Find a link, button or menu item whose label the tutorial leaves open."""
        return self._any_role(_pattern(name), exact=False)

    def button(self, name: str) -> Locator:
        """Find the button of a form whose label the tutorial leaves open."""
        return self.page.get_by_role("main").get_by_role("button", name=_pattern(name)).first

    def field(self, name: str) -> Locator:
        """Find a field of the form in the page's main part by its label."""
        # A label also names buttons, such as the one that shows a password.
        fields = self.page.locator("input:visible, textarea:visible")
        return self.page.get_by_role("main").get_by_label(_pattern(name)).and_(fields).first

    def checkbox(self, name: str) -> Locator:
        """Find a checkbox by its label."""
        return self.page.get_by_role("main").get_by_role("checkbox", name=_pattern(name)).first

    def radio(self, name: str) -> Locator:
        """Find a radio button by its label."""
        return self.page.get_by_role("main").get_by_role("radio", name=_pattern(name)).first

    def says(self, name: str) -> Locator:
        """Find a sentence in the page's main part."""
        return self.page.get_by_role("main").get_by_text(_pattern(name)).first

    def rightmost_in_header(self) -> Locator:
        """Find the visible control of the header whose right edge is furthest right."""
        controls = self.page.get_by_role("banner").locator(
            "a:visible, button:visible, summary:visible"
        )
        edges = []
        for index in range(controls.count()):
            box = controls.nth(index).bounding_box()
            edges.append(-1.0 if box is None else box["x"] + box["width"])
        return controls.nth(edges.index(max(edges)))

    def shown_token(self) -> str:
        """Return the token that the page shows, in a field or as text."""
        values = self.page.locator("input, textarea").evaluate_all("all => all.map(e => e.value)")
        text = "\n".join([self.page.locator("body").inner_text(), *values])
        found = TOKEN.search(text)
        assert found is not None, text
        return found.group()

    def _any_role(self, name: str | re.Pattern[str], *, exact: bool) -> Locator:
        page = self.page
        return (
            page.get_by_role("link", name=name, exact=exact)
            .or_(page.get_by_role("button", name=name, exact=exact))
            .or_(page.get_by_role("menuitem", name=name, exact=exact))
            .locator("visible=true")
            .first
        )

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not self._tells_of_the_form(message):
            self._note(f"console: {message.text} ({message.location['url']} on {self.page.url})")

    def _note_exception(self, error: Error) -> None:
        self._note(f"exception: {error}")

    def _note(self, complaint: str) -> None:
        if urlsplit(self.page.url).netloc not in map(_host, self.known):
            self.complaints.append(complaint)

    def _tells_of_the_form(self, message: ConsoleMessage) -> bool:
        """Whether Chromium notes that the page it shows is a form with what is wrong in it."""
        place = urlsplit(message.location["url"]).path
        here = place == urlsplit(self.page.url).path and self.methods.get(place) == "POST"
        return here and _REFUSED.search(message.text) is not None

    def _note_request(self, request: Request) -> None:
        place = urlsplit(request.url)
        self.methods[place.path] = request.method
        expected = place.netloc in map(_host, (self.base, *self.known))
        if place.scheme in {"http", "https", "ws", "wss"} and not expected:
            self._note(f"request to another host: {request.url}")


_REFUSED: Final = re.compile(r"status of 40[01]\b")  # bad input, or a wrong password


def _host(origin: str) -> str:
    return urlsplit(origin).netloc


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(_FIELDS[name], re.IGNORECASE)


class OpenBrowser(Protocol):
    """Opens a browser of its own for a story."""

    def __call__(self, hub: Hub, language: Language, *, phone: bool = False) -> Browsing: ...
