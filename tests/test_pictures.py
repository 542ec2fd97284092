"""Pictures come out decoded and made anew, or not at all."""

from __future__ import annotations

import hashlib
import io
import re
import struct
import subprocess
import sys
import time
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, features
from PIL.PngImagePlugin import PngInfo

from compliance.errors import ComplianceError
from compliance.pictures import (
    LARGEST,
    LONGEST_SIDE,
    MOST_PIXELS,
    MOST_WORK,
    TYPES,
    BusyError,
    Picture,
    PictureError,
    _Bench,
    clean,
    clean_all,
)
from support.examples import examples

FORMS = sorted(TYPES.values())
REASONS = {"type", "size", "pixels", "broken"}
SECRET = b"29.5630 N 106.5516 E"
MARKUP = b"<html><script>alert(document.domain)</script></html>"
PROFILE = b"not a profile, and never read: " + SECRET

JPEG_MARKERS = {0xC0, 0xC4, 0xDA, 0xDB, 0xE0}  # SOF0, DHT, SOS, DQT, APP0 (JFIF)
PNG_CHUNKS = {b"IHDR", b"IDAT", b"IEND"}
WEBP_CHUNKS = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH"}


def picture(mode: str = "RGB", size: tuple[int, int] = (48, 32)) -> Image.Image:
    """A picture that has a dark upper left quarter, so that one sees which way up it stands."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2 - 1, size[1] // 2 - 1), fill="black")
    return image.convert(mode)


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def opened(result: Picture) -> Image.Image:
    image = Image.open(io.BytesIO(result.content), formats=[TYPES[result.mimetype]])
    image.load()
    return image


def reason(data: bytes) -> str:
    with pytest.raises(PictureError) as caught:
        clean(data)
    return caught.value.reason


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, *, depth: int = 8, rows: bytes = b"", extra: bytes = b"") -> bytes:
    """A grey PNG file of whatever size it claims to be."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def riff(name: bytes, content: bytes) -> bytes:
    """A chunk of a WebP file."""
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def webp(*chunks: bytes) -> bytes:
    return riff(b"RIFF", b"WEBP" + b"".join(chunks))


def canvas(width: int, height: int, flags: int = 0) -> bytes:
    """The chunk that says how large a WebP picture is."""
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return riff(b"VP8X", struct.pack("<I", flags) + sides)


def parts(content: bytes, form: str) -> set[Any]:
    """What a file is made of, by its own structure; nothing may stand outside it."""
    found: set[Any] = set()
    if form == "JPEG":
        place = 2
        while content[place : place + 2] != b"\xff\xda":
            assert content[place] == 0xFF
            found.add(content[place + 1])
            place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
        assert content.endswith(b"\xff\xd9")
        # Within a scan, 0xFF stands before a zero, or ends the picture.
        assert re.findall(rb"\xff[^\0]", content[place + 2 :]) == [b"\xff\xd9"]
        return found | {0xDA}
    place, end = (8, len(content)) if form == "PNG" else (12, 8 + int.from_bytes(content[4:8], "little"))
    assert end == len(content)
    while place < end:
        if form == "PNG":
            size = int.from_bytes(content[place : place + 4], "big")
            found.add(content[place + 4 : place + 8])
            place += size + 12
        else:
            size = int.from_bytes(content[place + 4 : place + 8], "little")
            found.add(content[place : place + 4])
            place += 8 + size + size % 2
    assert place == end
    return found


def assert_clean(result: Picture) -> None:
    """Assert that *result* holds pixels and nothing else."""
    form = TYPES[result.mimetype]
    assert parts(result.content, form) <= {"JPEG": JPEG_MARKERS, "PNG": PNG_CHUNKS, "WEBP": WEBP_CHUNKS}[form]
    image = opened(result)
    assert image.size == (result.width, result.height)
    assert len(result.content) <= LARGEST
    assert result.sha256 == hashlib.sha256(result.content).hexdigest()
    assert not image.getexif()
    assert not {"exif", "icc_profile", "xmp", "comment"} & set(image.info)
    assert getattr(image, "n_frames", 1) == 1


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_stays_in_its_format_and_size(form: str):
    result = clean(saved(picture(), form))
    assert TYPES[result.mimetype] == form
    assert (result.width, result.height) == (48, 32)
    assert_clean(result)


@pytest.mark.parametrize("form", FORMS)
def test_nothing_but_pixels_is_left(form: str):
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()  # ImageDescription
    exif.get_ifd(0x8825)[1] = "N"  # GPSInfo
    text = PngInfo()
    text.add_text("Comment", SECRET.decode(), zip=False)
    text.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    options: dict[str, Any] = {
        "JPEG": {"comment": SECRET, "xmp": SECRET, "dpi": (300, 300)},
        "PNG": {"pnginfo": text, "dpi": (300, 300)},
        "WEBP": {"xmp": SECRET},
    }
    data = saved(picture(), form, exif=exif, icc_profile=PROFILE, **options[form])
    assert data.count(SECRET) >= 3 - (form == "PNG")
    result = clean(data)
    assert SECRET not in result.content
    assert_clean(result)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_before_it_is_dropped(form: str, orientation: int):
    exif = Image.Exif()
    exif[0x0112] = orientation
    # How a camera that was turned would have written the picture (EXIF 2.32, 4.6.4.A, Orientation).
    turns = [None, *(Image.Transpose(turn) for turn in (0, 3, 1, 5, 2, 6, 4))]
    turn = turns[orientation - 1]
    upright = picture()
    data = saved(upright if turn is None else upright.transpose(turn), form, exif=exif)
    result = clean(data)
    image = opened(result).convert("L")
    assert image.size == upright.size
    dark = [image.getpixel(place) < 128 for place in ((4, 4), (44, 4), (4, 28), (44, 28))]  # type: ignore[operator]
    assert dark == [True, False, False, False]
    assert_clean(result)


@pytest.mark.parametrize(
    "exif",
    [
        *(b"", b"MM\0*\0\0\0\x08\xff\xff", b"II*\0\xff\xff\xff\xff", b"\0" * 9),
        # Entries that all lie outside: Pillow warns of each.
        b"II*\0\x08\0\0\0"
        + struct.pack("<H", 900)
        + b"".join(struct.pack("<HHII", n, 7, 60_000, 8) for n in range(900)),
    ],
    ids=["empty", "cut", "elsewhere", "none", "outside"],
)
@pytest.mark.parametrize("form", FORMS)
def test_damaged_exif_data_is_no_reason_to_refuse_a_picture(form: str, exif: bytes):
    assert_clean(clean(saved(picture(), form, exif=b"Exif\0\0" + exif)))


@pytest.mark.parametrize(
    ("form", "mode", "result"),
    [
        ("JPEG", "L", "L"),
        ("JPEG", "CMYK", "RGB"),
        ("PNG", "1", "L"),
        ("PNG", "L", "L"),
        ("PNG", "LA", "RGBA"),
        ("PNG", "P", "RGB"),
        ("PNG", "RGBA", "RGBA"),
        ("PNG", "I;16", "L"),
        ("WEBP", "RGBA", "RGBA"),
    ],
)
def test_every_kind_of_pixel_is_taken(form: str, mode: str, result: str):
    image = picture(mode)
    if "A" in mode:
        image.putalpha(80)
    data = png(2, 1, depth=16, rows=b"\0" * 5) if mode == "I;16" else saved(image, form)
    cleaned = clean(data)
    assert_clean(cleaned)
    assert opened(cleaned).mode == result


@pytest.mark.parametrize("transparency", [0, b"\0\x80\xff"])
def test_a_palette_keeps_its_transparency(transparency: int | bytes):
    image = opened(clean(saved(picture("P"), "PNG", transparency=transparency)))
    assert image.mode == "RGBA"
    assert image.getchannel("A").getextrema()[0] == 0


def test_sixteen_bits_of_grey_become_eight():
    rows = b"\0" + struct.pack(">4H", 0, 0x4040, 0x8080, 0xFFFF)
    image = opened(clean(png(4, 1, depth=16, rows=rows, extra=chunk(b"tRNS", b"\x40\x40"))))
    assert [image.getpixel((place, 0)) for place in range(4)] == [0, 0x40, 0x80, 0xFF]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("after", [MARKUP, b"PK\x03\x04" + MARKUP + b"PK\x05\x06" + b"\0" * 18, b"%PDF-1.4 " + MARKUP])
def test_what_is_two_things_at_once_comes_out_as_a_picture_alone(form: str, after: bytes):
    result = clean(saved(picture(), form) + after)
    assert MARKUP not in result.content
    assert_clean(result)


def test_a_picture_with_a_second_one_behind_it_is_taken_without():
    data = saved(picture(), "MPO", save_all=True, append_images=[picture()])
    result = clean(data)
    assert result.mimetype == "image/jpeg"
    assert result.content.count(b"\xff\xd8") == 1
    assert_clean(result)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_only_the_first_frame_of_an_animation_is_left(form: str):
    data = saved(Image.new("RGB", (9, 9), "red"), form, save_all=True, append_images=[Image.new("RGB", (9, 9), "blue")])
    result = clean(data)
    red, _, blue = opened(result).convert("RGB").getpixel((4, 4))  # type: ignore[misc]
    assert red > 200
    assert blue < 50
    assert_clean(result)


@pytest.mark.slow
def test_an_animation_of_two_thousand_frames_is_not_decoded_whole():
    # Each frame is twelve megapixels of one colour: all of them would take more than a minute.
    frame = saved(Image.new("RGB", (4000, 3000), "red"), "WEBP", lossless=True)[12:]
    place = struct.pack("<II", 0, 0)[:6] + (3999).to_bytes(3, "little") + (2999).to_bytes(3, "little") + b"\x28\0\0\0"
    frames = riff(b"ANMF", place + frame) * 2000
    data = webp(canvas(4000, 3000, flags=2), riff(b"ANIM", b"\0" * 6), frames)
    started = time.process_time()
    result = clean(data)
    assert time.process_time() - started < 15
    assert (result.width, result.height) == (4000, 3000)
    assert_clean(result)


def test_a_jpeg_of_endless_scans_is_refused():
    data = saved(picture(), "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    assert_clean(clean(data[:-2] + scan * 20 + data[-2:]))
    assert reason(data[:-2] + scan * 200 + data[-2:]) == "broken"


def progressive(width: int, height: int, scans: int) -> bytes:
    """A progressive JPEG that claims to be so large, with so many passes over it."""
    data = bytearray(saved(picture(), "JPEG", progressive=True))
    place = data.index(b"\xff\xc2") + 5
    data[place : place + 4] = struct.pack(">HH", height, width)
    scan = data[data.rindex(b"\xff\xda") : -2]
    return bytes(data[:-2]) + bytes(scan) * (scans - data.count(b"\xff\xda")) + b"\xff\xd9"


@pytest.mark.parametrize(
    "data",
    [
        png(1, MOST_PIXELS - 1),
        png(MOST_PIXELS - 1, 1),
        png(LONGEST_SIDE + 1, 1),
        progressive(7_000, 5_000, 30),
        progressive(65_000, 8, 10),
        webp(canvas(16_385, 1)),
        webp(riff(b"VP8L", b"\x2f" + struct.pack("<I", 0x3FFF | 0x3FFF << 14) + b"\0" * 9)),
    ],
    ids=["tall", "wide", "side", "scans", "jpeg-side", "webp-side", "webp-lossless"],
)
def test_what_would_take_long_is_refused_by_its_head(data: bytes):
    assert reason(data) == "pixels"


def test_pictures_of_one_request_share_a_budget():
    heavy = progressive(4_000, 3_000, 20)
    assert MOST_WORK / 5 < 4_000 * 3_000 * 20 < MOST_WORK
    with pytest.raises(PictureError) as caught:
        clean_all([heavy] * 5)
    assert caught.value.reason == "pixels"
    assert [one.width for one in clean_all([saved(picture(), form) for form in FORMS])] == [48, 48, 48]
    assert clean_all([]) == []


def test_a_process_has_a_budget_a_minute():
    bench = _Bench()
    with pytest.raises(BusyError) as caught:
        for _ in range(100):
            bench.clean([], MOST_WORK)
    assert 50 <= caught.value.retry_after <= 61
    assert bench.clean([saved(picture(), "PNG")], 0)


def test_one_request_at_a_time_decodes_in_a_process():
    bench = _Bench()
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: bench.clean([saved(picture(), "WEBP")], 1), range(16)))
    assert all(result[0].width == 48 for result in results)


@pytest.mark.parametrize(
    "data",
    [
        png(4, 4, rows=(b"\0" + b"\xff" * 4) * 4, extra=chunk(b"tEXt", b"a\0b") * 20_000),
        *(
            saved(picture(), "JPEG")[:2] + part * 20_000 + saved(picture(), "JPEG")[2:]
            for part in (b"\xff", b"\xff\xfe\0\2", b"\xff\xe2\0\x10ICC_PROFILE\0\1\1")
        ),
    ],
    ids=["texts", "fill", "comments", "profiles"],
)
def test_what_is_in_more_parts_than_any_picture_is_refused(data: bytes):
    assert reason(data) == "broken"


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_what_is_no_pixel_never_reaches_the_decoder(form: str, monkeypatch: pytest.MonkeyPatch):
    given: list[bytes] = []
    reader = Image.open
    monkeypatch.setattr(Image, "open", lambda file, **options: given.append(file.getvalue()) or reader(file, **options))
    profile = zlib.compress(b"\0" * 900_000)
    part = chunk(b"iCCP", b"a\0\0" + profile) if form == "PNG" else b"\xff\xe2\x03\xeaICC_PROFILE\0\1\1" + b"\0" * 986
    plain = saved(picture(), form)
    place = 33 if form == "PNG" else 2
    assert clean(plain[:place] + part * 900 + plain[place:]) == clean(plain)
    assert given == [plain, plain]


@pytest.mark.parametrize("name", [b"zTXt", b"iTXt", b"iCCP", b"eXIf"])
@pytest.mark.slow
def test_what_unpacks_to_much_in_a_text_is_never_unpacked_whole(name: bytes):
    packed = zlib.compress(b"\0" * 60_000_000, 9)
    content = {
        b"zTXt": b"a\0\0" + packed,
        b"iTXt": b"a\0\x01\0\0\0" + packed,
        b"iCCP": b"a\0\0" + packed,
        b"eXIf": b"II*\0\x08\0\0\0" + b"\xff" * 500_000,
    }[name]
    data = png(4, 4, rows=(b"\0" + b"\xff" * 4) * 4, extra=chunk(name, content) * 3)
    tracemalloc.start()
    try:
        with suppress(PictureError):
            assert_clean(clean(data))
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "data",
    [
        png(50_000, 50_000),
        png(10_000, 10_000),
        png(MOST_PIXELS // 1000 + 1, 1000),
        webp(canvas(16_384, 16_384)),
        webp(canvas(8000, 8000), saved(picture(), "WEBP")[12:]),
        b"\xff\xd8\xff\xc0\0\x0b\x08\xff\xdc\xff\xdc\x01\x01\x11\0\xff\xd9",
    ],
    ids=["bomb", "near-bomb", "just-too-many", "webp", "webp-in-a-large-canvas", "jpeg"],
)
def test_too_many_pixels_are_refused_before_they_are_decoded(data: bytes):
    started = time.process_time()
    assert reason(data) in ({"pixels"} if not data.startswith(b"RIFF") else {"pixels", "broken"})
    assert time.process_time() - started < 2


@pytest.mark.slow
def test_as_many_pixels_as_allowed_are_taken():
    rows = (b"\0" + b"\xff" * 500) * (MOST_PIXELS // 4000)
    assert_clean(clean(png(4000, MOST_PIXELS // 4000, depth=1, rows=rows)))


def test_too_many_bytes_are_refused():
    data = saved(picture(), "PNG")
    assert clean(data + b"\0" * (LARGEST - len(data)))
    assert reason(data + b"\0" * (LARGEST + 1 - len(data))) == "size"


@pytest.mark.slow
def test_a_picture_that_grew_is_made_smaller():
    noise = Image.effect_noise((4500, 3000), 90)
    data = saved(noise, "JPEG", quality=35)
    assert len(data) < LARGEST < len(saved(noise, "JPEG", quality=85))
    result = clean(data)
    assert_clean(result)
    assert 2000 < result.width < 4500
    assert result.width / result.height == pytest.approx(1.5, abs=0.01)


@pytest.mark.parametrize(
    "data",
    [
        MARKUP,
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"GIF89a" + b"\0" * 40,
        b"%PDF-1.7",
        b"%!PS-Adobe-3.0 EPSF-3.0",
        b"RIFF\0\0\0\0WAVEfmt ",
        b"\0",
        saved(picture(), "TIFF"),
        saved(picture(), "BMP"),
        saved(picture(), "GIF"),
        *([saved(picture(), "AVIF")] if "avif" in features.get_supported() else []),
    ],
    ids=lambda data: repr(data[:6]),
)
def test_anything_else_is_refused_by_what_it_is(data: bytes):
    assert reason(data) == "type"


def test_nothing_is_a_broken_picture():
    assert reason(b"") == "broken"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_picture_is_broken(form: str, share: float):
    data = saved(Image.effect_noise((64, 64), 50).convert("RGB"), form)
    assert reason(data[: int(len(data) * share)]) == "broken"


def test_the_error_is_of_the_package_and_says_no_more_than_its_reason():
    with pytest.raises(ComplianceError) as caught:
        clean(b"\xff\xd8\xff" + SECRET)
    assert str(caught.value) == "broken"
    assert caught.value.__suppress_context__


@cache
def samples() -> list[bytes]:
    """Pictures to damage: each format, whole and with all that can stand beside the pixels."""
    exif = Image.Exif()
    exif[0x0112] = 6
    plain = [saved(picture(), form, exif=exif) for form in FORMS]
    moving = [saved(picture(), form, save_all=True, append_images=[picture("L")]) for form in ("PNG", "WEBP", "MPO")]
    others = [saved(picture("P"), "PNG", transparency=0), saved(picture("CMYK"), "JPEG", progressive=True)]
    others += [saved(picture("RGBA"), "WEBP", lossless=True), png(2, 1, depth=16, rows=b"\0" * 5)]
    return plain + moving + others


def outcome(data: bytes) -> None:
    try:
        result = clean(data)
    except PictureError as error:
        assert error.reason in REASONS
    else:
        assert_clean(result)


HEADS = [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x90\1\0\0WEBPVP8X"]


@given(st.binary(max_size=400), st.sampled_from(HEADS))
def test_random_bytes_give_an_error_of_ours_or_a_clean_picture(data: bytes, head: bytes):
    outcome(head + data)


@settings(max_examples=examples(500))
@given(st.integers(0, 9), st.lists(st.tuples(st.integers(0, 5000), st.binary(max_size=4)), min_size=1, max_size=5))
@example(2, [(21, b"\x20")])
def test_damaged_pictures_give_an_error_of_ours_or_a_clean_picture(number: int, damages: list[tuple[int, bytes]]):
    data = samples()[number]
    for place, replacement in damages:
        place %= len(data)
        data = data[:place] + replacement + data[place + max(1, len(replacement)) :]
        if not data:
            break
    outcome(data)


@pytest.mark.slow
def test_the_library_is_loaded_only_when_a_picture_comes():
    code = "import sys, compliance.pictures; sys.exit('PIL' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])
