"""Pictures that applications show."""

import io

from PIL import Image


def picture(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (90, 70), colour).save(out, "PNG")
    return out.getvalue()
