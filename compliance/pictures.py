"""Pictures decoded and made anew, without what cameras write into them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .errors import ReasonError

if TYPE_CHECKING:
    from PIL.Image import Image, Transpose

TYPES = MappingProxyType({"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"})
LARGEST = 5 * 1024 * 1024  # bytes, of what comes in and of what comes out
MOST = 5  # pictures in one message
MOST_PIXELS = 40_000_000
# Each scan of a progressive JPEG is a pass over all of its pixels and may be a few bytes long: five megabytes of them
# would keep a processor busy for a quarter of an hour. Cameras and editors write about ten.
_MOST_SCANS = 100
_ORIENTATION = 0x0112
# WebP's methods from 3 on take eight times as long for 40 megapixels, and save a twentieth of the bytes.
_SAVING: dict[str, dict[str, Any]] = {"JPEG": {"quality": 85}, "PNG": {}, "WEBP": {"quality": 85, "method": 2}}


class PictureError(ReasonError):
    """A picture that is not taken: *reason* is `type`, `size`, `pixels`, `broken` or `number`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that was decoded and made anew; *sha256* is of its *content*, in hexadecimal."""

    mimetype: str
    content: bytes
    width: int
    height: int
    sha256: str


def clean(data: bytes) -> Picture:
    """Decode *data* and make the picture anew: upright, one frame, nothing but pixels, in the format it came in.

    What is not a pixel goes: EXIF with its position, XMP, comments, thumbnails, whatever follows the end. A colour
    profile goes, too, rather than to yet another parser. A result of more than `LARGEST` bytes is made smaller.

    Raises `PictureError`: `type` for anything but JPEG, PNG and WebP, `size` for more than `LARGEST` bytes, `pixels`
    for more than `MOST_PIXELS`, `broken` for what cannot be decoded to its end.
    """
    if not data:
        raise PictureError("broken")
    if len(data) > LARGEST:
        raise PictureError("size")
    mimetype = _mimetype(data)
    form = TYPES[mimetype]
    if form == "JPEG" and data.count(b"\xff\xda") > _MOST_SCANS:
        raise PictureError("broken")
    # Pillow has no closed set of exceptions for a damaged file, and where warnings are errors they are exceptions, too.
    try:
        image = _decoded(data, form)
        content = _encoded(image, form)
        while len(content) > LARGEST:
            ratio = 0.9 * (LARGEST / len(content)) ** 0.5
            image = image.resize((max(1, int(image.width * ratio)), max(1, int(image.height * ratio))))
            content = _encoded(image, form)
    except PictureError:
        raise
    except Exception:
        raise PictureError("broken") from None
    digest = hashlib.sha256(content).hexdigest()
    return Picture(mimetype=mimetype, content=content, width=image.width, height=image.height, sha256=digest)


def _mimetype(data: bytes) -> str:
    """Return the type that the first bytes announce, never the name of a file; decoding is to bear it out."""
    if data.startswith(b"\xff\xd8"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    raise PictureError("type")


def _decoded(data: bytes, form: str) -> Image:
    """Return the first frame of *data*, upright and in plain colours."""
    from PIL import Image

    try:
        image: Image.Image = Image.open(BytesIO(data), formats=[form])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError("pixels") from None
    if image.width * image.height > MOST_PIXELS:
        raise PictureError("pixels")
    image.load()
    if (turn := _turn(image)) is not None:
        image = image.transpose(turn)
    image = _plain(image)
    image.info = {}
    return image


def _turn(image: Image) -> Transpose | None:
    """Return what makes *image* stand upright, by the orientation in its EXIF data."""
    from PIL.Image import Transpose

    try:
        orientation = image.getexif().get(_ORIENTATION)
    except Exception:
        # Damaged EXIF data is no reason to refuse a picture.
        return None
    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return turns.get(orientation) if isinstance(orientation, int) else None


def _plain(image: Image) -> Image:
    """Return *image* in eight bits of grey, of colour, or of colour with transparency."""
    if image.mode == "I;16":
        # A conversion would clip at 255; and a transparent grey is given in sixteen bits, too.
        image = image.point(lambda value: value * (1 / 257)).convert("L")
        image.info.pop("transparency", None)
    mode = "RGBA" if image.has_transparency_data else "L" if image.mode in ("1", "L") else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _encoded(image: Image, form: str) -> bytes:
    buffer = BytesIO()
    image.save(buffer, form, **_SAVING[form])
    return buffer.getvalue()
