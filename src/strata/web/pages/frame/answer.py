"""Answers made of pages and static files, with the headers that keep a browser safe."""

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from strata.web.pages.frame.assets import Asset, assets
from strata.web.pages.frame.render import Frame, Viewer, page
from strata.web.pages.words.language import LANGUAGES, THEMES, choose_language, choose_theme

PREFERENCE_SECONDS: Final = 365 * 24 * 3600  # how long a browser keeps a language or a theme

PRIVATE: Final = "private, no-cache"
NO_STORE: Final = "no-store"  # secrets, forms filled with personal values
IMMUTABLE: Final = "public, max-age=31536000, immutable"

_SECURITY_HEADERS: Final = {
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_SOURCE: Final = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+|[a-z][a-z0-9+.-]*:")


def content_security_policy(
    media_sources: tuple[str, ...] = (), form_targets: tuple[str, ...] = ()
) -> str:
    """Write the policy: our own files only, no inline script or style, no frames.

    Args:
        media_sources: origins an object store redirects pictures and sound to.
        form_targets: origins a form's answer may redirect to, as an OAuth consent does.

    Raises:
        ValueError: a source is not an origin, and could have smuggled in a directive.
    """
    for source in (*media_sources, *form_targets):
        if not _SOURCE.fullmatch(source):
            raise ValueError(f"{source!r} is not an origin such as https://files.example.com.")
    media = " ".join(("'self'", *media_sources))
    forms = " ".join(("'self'", *form_targets))
    return (
        f"default-src 'self'; img-src {media}; media-src {media}; object-src 'none'; "
        f"base-uri 'none'; form-action {forms}; frame-ancestors 'none'"
    )


def frame_of(  # noqa: PLR0913 - the values of a site and a visit, gathered once
    request: Request,
    *,
    site_name: str,
    base_url: str,
    version: str,
    default_language: str = "en",
    viewer: Viewer | None = None,
    csrf_token: str = "",
    announcement: str = "",
    sign_up_open: bool = True,
    checklist: str = "seed",
    names_kept_days: int = 180,
) -> Frame:
    """Read what the visitor's browser says about language, theme and place."""
    cookies, query = request.cookies, request.query_params
    return Frame(
        site_name=site_name,
        base_url=base_url,
        version=version,
        language=choose_language(
            query.get("lang", ""),
            cookies.get("lang", ""),
            request.headers.get("accept-language", ""),
            default_language,
        ),
        theme=choose_theme(query.get("theme", ""), cookies.get("theme", "")),
        path=_asked(request),
        viewer=viewer,
        csrf_token=csrf_token,
        announcement=announcement,
        sign_up_open=sign_up_open,
        checklist=checklist,
        names_kept_days=names_kept_days,
    )


def _asked(request: Request) -> str:
    raw_path = request.scope.get("raw_path") or request.url.path.encode()
    query = request.url.query
    path: str = raw_path.decode("ascii", "replace").partition("?")[0]
    return f"{path}?{query}" if query else path


def page_answer(
    request: Request,
    template: str,
    frame: Frame,
    *,
    status: int = 200,
    cache: str = PRIVATE,
    headers: dict[str, str] | None = None,
    **context: object,
) -> Response:
    """Render a page into an answer; `?lang=` and `?theme=` are remembered in cookies.

    The template also sees `status`.

    Raises:
        jinja2.UndefinedError: the template asks for a value that was not given.
    """
    answer = html_answer(page(template, frame, status=status, **context), status, cache, headers)
    answer.headers["Content-Language"] = frame.language
    _remember(request, answer, frame, ("lang", frame.language), frozenset(LANGUAGES))
    _remember(request, answer, frame, ("theme", frame.theme), frozenset(THEMES))
    return answer


def html_answer(
    body: str, status: int = 200, cache: str = PRIVATE, headers: dict[str, str] | None = None
) -> Response:
    """Wrap finished HTML; `headers` come last and may replace the usual ones."""
    return HTMLResponse(
        body,
        status,
        {
            **_SECURITY_HEADERS,
            "Content-Security-Policy": content_security_policy(),
            "Cache-Control": cache,
            "Vary": "Cookie, Accept-Language",
            **(headers or {}),
        },
    )


def _remember(
    request: Request,
    answer: Response,
    frame: Frame,
    choice: tuple[str, str],
    allowed: frozenset[str],
) -> None:
    name, value = choice
    if request.query_params.get(name, "") not in allowed:
        return
    keep_choice(request, answer, frame.prefix or "/", name, value)


def keep_choice(request: Request, answer: Response, path: str, name: str, value: str) -> None:
    """Have this browser remember a language or a theme; an empty value forgets it."""
    secure = request.url.scheme == "https"
    if not value:
        answer.delete_cookie(name, path=path, secure=secure, samesite="lax")
        return
    answer.set_cookie(
        name,
        value,
        max_age=PREFERENCE_SECONDS,
        path=path,
        secure=secure,  # scripts may read it: the theme switch writes its cookie itself
        samesite="lax",
    )


async def static_file(request: Request) -> Response:
    """GET /static/{version}/{name:path}: a file of the pages, cached for ever.

    An address made by another version of the server is answered with today's file, but not
    cached: pages and files of two versions meet while a server is being upgraded.
    """
    asset = assets().by_name.get(request.path_params["name"])
    if asset is None:
        return PlainTextResponse("There is no such file.\n", 404)
    current = request.path_params["version"] == assets().version
    return _asset_answer(request, asset, IMMUTABLE if current else "no-cache")


def _asset_answer(request: Request, asset: Asset, cache: str) -> Response:
    headers = {
        "Cache-Control": cache,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    packed = asset.gzipped and "gzip" in request.headers.get("accept-encoding", "")
    if packed:
        headers["Content-Encoding"] = "gzip"
    body = asset.gzipped if packed else asset.body
    return Response(body, media_type=asset.media_type, headers=headers)
