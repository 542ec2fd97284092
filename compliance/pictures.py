"""Pictures decoded and made anew, without what cameras write into them."""

from __future__ import annotations

import hashlib
import struct
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .errors import ComplianceError, ReasonError

if TYPE_CHECKING:
    from PIL.Image import Image, Transpose

TYPES = MappingProxyType({"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"})
LARGEST = 5 * 1024 * 1024  # bytes, of what comes in and of what comes out
MOST = 5  # pictures in one message
MOST_PIXELS = 40_000_000
LONGEST_SIDE = 16_384  # what a browser shows, and more than any camera has
# What decoding costs: each scan of a progressive JPEG is a pass over all of its pixels and may be a few bytes long.
# Cameras and editors write about ten, so that five pictures of twelve megapixels cost 600 million.
MOST_WORK = 800_000_000  # pixels times passes, of all pictures of one request: about a second
_MOST_SCANS = 100
_MOST_WORK_A_MINUTE = 8_000_000_000  # of a process
_MINUTE = 60.0
_PATIENCE = 10.0  # seconds that a request waits for its turn
# Interlaced PNG comes in seven passes over ever more of the picture; WebP predicts each pixel from others.
_PASSES = {"PNG": 2, "WEBP": 2}
_ORIENTATION = 0x0112
# Pillow reads segments and chunks one by one, in Python, and inflates each that is text or a profile. Encoders write
# pieces of some kilobytes, and other parts by the dozen.
_MOST_PARTS = 10_000
# The chunks that a picture is made of (PNG standard, section 5.6).
_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
# The segments that one is made of: frames, tables, the first scan, intervals (ITU-T T.81, table B.1); and the two whose
# first says in which colours: of JFIF, and of Adobe.
_SCAN = 0xDA
_SEGMENTS = frozenset({*range(0xC0, 0xD0), _SCAN, 0xDB, 0xDD})
_SIGNED = {0xE0: b"JFIF\0", 0xEE: b"Adobe"}
_CAMERA = b"Exif\0\0"
# WebP's methods from 3 on take eight times as long for 40 megapixels, and save a twentieth of the bytes.
_SAVING: dict[str, dict[str, Any]] = {"JPEG": {"quality": 85}, "PNG": {}, "WEBP": {"quality": 85, "method": 2}}


class PictureError(ReasonError):
    """A picture that is not taken: *reason* is `type`, `size`, `pixels`, `broken` or `number`."""


class BusyError(ComplianceError):
    """This process has more pictures to decode than it should; *retry_after* seconds later it may have fewer."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that was decoded and made anew; *sha256* is of its *content*, in hexadecimal."""

    mimetype: str
    content: bytes
    width: int
    height: int
    sha256: str


class _Bench:
    """Where a process decodes, one request at a time and so much a minute: a picture in work takes up to 600 MB."""

    def __init__(self) -> None:
        self._turn = Lock()
        self._done: deque[tuple[float, int]] = deque()

    def clean(self, contents: Sequence[bytes], work: int) -> list[Picture]:
        """Return what `clean` makes of each of *contents*. Raises `PictureError`, and `BusyError` after a while."""
        if not self._turn.acquire(timeout=_PATIENCE):
            raise BusyError(int(_PATIENCE))
        try:
            now = time.monotonic()
            while self._done and self._done[0][0] <= now - _MINUTE:
                self._done.popleft()
            if work + sum(done for _, done in self._done) > _MOST_WORK_A_MINUTE:
                raise BusyError(int(self._done[0][0] + _MINUTE - now) + 1)
            self._done.append((now, work))
            return [clean(content) for content in contents]
        finally:
            self._turn.release()


_bench = _Bench()


def clean_all(contents: Sequence[bytes]) -> list[Picture]:
    """Return the pictures of one request, each as `clean` makes it anew.

    All of them are looked at before the first is decoded. Raises `PictureError`, with `pixels` also where together they
    are more work than `MOST_WORK`, and `BusyError` where this process has had too much of it.
    """
    work = sum(map(_work, contents))
    if work > MOST_WORK:
        raise PictureError("pixels")
    return _bench.clean(contents, work) if contents else []


def clean(data: bytes) -> Picture:
    """Decode *data* and make the picture anew: upright, one frame, nothing but pixels, in the format it came in.

    What is not a pixel goes: EXIF with its position, XMP, comments, thumbnails, whatever follows the end. A colour
    profile goes, too, rather than to yet another parser. A result of more than `LARGEST` bytes is made smaller.

    Raises `PictureError`: `type` for anything but JPEG, PNG and WebP, `size` for more than `LARGEST` bytes, `pixels`
    for more than `MOST_PIXELS`, a side over `LONGEST_SIDE` or more work than `MOST_WORK`, `broken` for what cannot be
    decoded to its end.
    """
    if _work(data) > MOST_WORK:
        raise PictureError("pixels")
    mimetype = _mimetype(data)
    form = TYPES[mimetype]
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


def _work(data: bytes) -> int:
    """Return what decoding *data* would cost, by its head alone. Raises `PictureError`."""
    if not data:
        raise PictureError("broken")
    if len(data) > LARGEST:
        raise PictureError("size")
    form = TYPES[_mimetype(data)]
    width, height = _sides(data, form)
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
        raise PictureError("pixels")
    passes = data.count(b"\xff\xda") if form == "JPEG" else _PASSES[form]  # in a scan 0xFF stands before a zero
    if passes > _MOST_SCANS:
        raise PictureError("broken")
    return width * height * max(1, passes)


def _sides(data: bytes, form: str) -> tuple[int, int]:
    """Return width and height as *data* announces them: decoders make room for them before anybody can ask."""
    try:
        if form == "PNG":  # section 11.2.1 of the standard
            return struct.unpack_from(">II", data, 16)
        if form == "JPEG":
            return _frame(data)
        if data[12:16] == b"VP8X":  # the container's specification, and those of the two codings (RFC 6386, RFC 9649)
            return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
        if data[12:16] == b"VP8L":
            sides = struct.unpack_from("<I", data, 21)[0]
            return (sides & 0x3FFF) + 1, (sides >> 14 & 0x3FFF) + 1
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    except (struct.error, IndexError):
        raise PictureError("broken") from None


def _frame(data: bytes) -> tuple[int, int]:
    """Return width and height of a JPEG, which the segment before its first scan announces (ITU-T T.81, B.2.2)."""
    for marker, start, _ in _segments(data):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, start + 5)
            return width, height
    raise PictureError("broken")


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of every segment of a JPEG before its first scan, then of all that begins with it.

    Raises `PictureError` where they are too many, or none can be told.
    """
    place = 2
    for _ in range(_MOST_PARTS):
        if data[place] != 0xFF:
            break
        marker = data[place + 1]
        if marker == _SCAN:
            yield marker, place, len(data)
            return
        # One byte of fill, or a segment.
        end = place + (1 if marker == 0xFF else 2 + struct.unpack_from(">H", data, place + 2)[0])
        yield marker, place, end
        place = end
    raise PictureError("broken")


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield type, start and end of every chunk of a PNG. Raises `PictureError` where they are too many."""
    place = 8
    for _ in range(_MOST_PARTS):
        if place >= len(data):
            return
        kind = data[place + 4 : place + 8]
        end = place + 12 + int.from_bytes(data[place : place + 4], "big")
        yield kind, place, end
        if kind == b"IEND":
            return
        place = end
    raise PictureError("broken")


def _bare(data: bytes, form: str) -> tuple[bytes, bytes]:
    """Return *data* without the parts that are no pixels, and what cameras wrote into the first that is theirs.

    Those parts would be read one by one, inflated, and warned of. WebP stays: its decoder is none of Python's.
    """
    kept, exif, seen = [data[: {"PNG": 8, "JPEG": 2}.get(form, len(data))]], b"", set()
    if form == "PNG":
        for kind, start, end in _chunks(data):
            if kind in _CHUNKS:
                kept.append(data[start:end])
            elif kind == b"eXIf":
                exif = exif or data[start + 8 : end - 4]
    elif form == "JPEG":
        for marker, start, end in _segments(data):
            if marker in _SEGMENTS or (
                data.startswith(_SIGNED.get(marker, b"\0none"), start + 4) and marker not in seen
            ):
                kept.append(data[start:end])
                seen.add(marker)
            elif marker == 0xE1 and data.startswith(_CAMERA, start + 4):
                exif = exif or data[start + 4 : end]
    return b"".join(kept), exif


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

    bare, exif = _bare(data, form)
    try:
        image: Image.Image = Image.open(BytesIO(bare), formats=[form])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError("pixels") from None
    if image.width * image.height > MOST_PIXELS:
        raise PictureError("pixels")
    image.load()
    if (turn := _turn(exif or image.info.get("exif", b""))) is not None:
        image = image.transpose(turn)
    image = _plain(image)
    image.info = {}
    return image


def _turn(exif: bytes) -> Transpose | None:
    """Return what makes a picture stand upright, by the orientation in its *exif*."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return turns.get(_orientation(exif))


def _orientation(exif: bytes) -> int:
    """Return the orientation that *exif*, data of a camera, gives; 0 where it gives none (TIFF 6.0, section 2).

    Read here, since Pillow reads every entry, and warns of each that is damaged.
    """
    tiff = exif.removeprefix(_CAMERA)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 0
    try:
        (place,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, place)
        for entry in range(place + 2, place + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, entry)
            if (tag, kind) == (_ORIENTATION, 3):  # one of sixteen bits
                return int(value)
    except struct.error:
        # Damaged EXIF data is no reason to refuse a picture.
        return 0
    return 0


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
