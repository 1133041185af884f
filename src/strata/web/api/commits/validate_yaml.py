"""Judge the metadata of a card before it is committed (02 §W)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from strata.content.card.front_matter import read_card
from strata.core.names import RepoType
from strata.web import respond
from strata.web.paths import Route
from strata.web.work import as_nobody, json_of


class CardBody(msgspec.Struct, rename="camel"):
    """POST /api/validate-yaml."""

    content: str = ""
    repo_type: Literal["model", "dataset", "space", "kernel"] | None = None


async def validate_yaml(request: Request) -> Response:
    """POST /api/validate-yaml"""
    body = await json_of(request, CardBody)
    kind = RepoType(body.repo_type or "model")
    card = await as_nobody(request, lambda _: read_card(body.content, kind))
    if card.errors and "text/plain" in request.headers.get("accept", ""):
        # huggingface_hub/repocard.py:RepoCard.validate shows the body as it is.
        return PlainTextResponse("\n".join(f"- Error: {error}" for error in card.errors), 400)
    answer = {"errors": messages(card.errors), "warnings": messages(card.warnings)}
    return respond.json(answer, 400 if card.errors else 200)


def messages(texts: Iterable[str]) -> list[dict[str, str]]:
    """Sentences in the shape in which clients read them."""
    return [{"message": text} for text in texts]


ROUTES: tuple[Route, ...] = (
    Route(
        ("POST",),
        "/api/validate-yaml",
        validate_yaml,
        "huggingface_hub ≥ 0.10: uploads and cards with a README.md",
    ),
)
