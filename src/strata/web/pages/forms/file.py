"""A form that carries one file, as browsers send it (RFC 7578)."""

from __future__ import annotations

import io
from typing import Final

from python_multipart import parse_form
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File
from starlette.requests import Request

from strata.core.errors import InvalidFields, Malformed, TooLarge
from strata.lib.pictures.squares import MAX_BYTES
from strata.web.pages.forms.body import LONGEST_BODY, Form, form_of, received
from strata.web.work import body_of

MOST_PARTS: Final = 16
_TYPE: Final = "multipart/form-data"


async def form_with_file(request: Request, name: str, *, longest: int) -> tuple[Form, bytes]:
    """Read a submitted form and the content of its file `name`, empty when none was chosen.

    Args:
        longest: bytes that the file may have; it is held in memory.

    Raises:
        Malformed: another type of body, or one that cannot be read.
        TooLarge: the file, or all else, is too long.
    """
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != _TYPE:
        raise Malformed(f"Send the form as {_TYPE}.")
    body = await body_of(request, longest + LONGEST_BODY)
    fields, content = _parsed(kind, body, name)
    return received(request, fields), content


async def form_with_picture(request: Request, name: str) -> tuple[Form, bytes]:
    """Read a form that may carry a picture; one without files may come as any other form.

    Raises:
        InvalidFields: the picture is too large, which field `name` says; nothing else was read.
        Malformed, TooLarge: as `form_with_file`.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        return await form_of(request), b""
    try:
        form, content = await form_with_file(request, name, longest=MAX_BYTES)
    except TooLarge as error:
        raise InvalidFields({name: ("picture.too_large",)}) from error
    return form, content


def _parsed(kind: str, body: bytes, wanted: str) -> tuple[dict[str, str], bytes]:
    fields: dict[str, str] = {}
    content = bytearray()
    parts = 0

    def count() -> None:
        nonlocal parts
        parts += 1
        if parts > MOST_PARTS + 1:  # one is of js/proof.js
            raise Malformed("The form has too many fields.")

    def on_field(field: Field) -> None:
        count()
        name = (field.field_name or b"").decode("utf-8", "replace")
        fields[name] = (field.value or b"").decode("utf-8", "replace")

    def on_file(file: File) -> None:
        count()
        if file.field_name == wanted.encode():
            file.file_object.seek(0)
            content.extend(file.file_object.read())
        file.close()

    headers = {"Content-Type": kind.encode("latin-1"), "Content-Length": str(len(body)).encode()}
    try:
        parse_form(headers, io.BytesIO(body), on_field, on_file)
    except (FormParserError, ValueError) as error:
        raise Malformed("The form cannot be read. Open the page again and repeat.") from error
    return fields, bytes(content)
