from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.page.codings import PIECE, BrokenBody, coding

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


CASES: dict[str, tuple[str, Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress, gzip.decompress),
    "x-gzip": ("x-gzip", gzip.compress, gzip.decompress),
    "zlib": ("deflate", zlib.compress, zlib.decompress),
    "bare deflate": ("deflate", bare, lambda data: zlib.decompress(data, wbits=-15)),
    "br": ("br", brotli.compress, brotli.decompress),
    "zstd": ("zstd", zstd.compress, zstd.decompress),
}


def decode(name: str, pieces: list[bytes]) -> bytes:
    coder = coding(name)
    data = b"".join(part for piece in pieces for part in coder.decode(piece))
    coder.end()
    return data


@pytest.mark.parametrize("case", CASES)
@given(st.binary(max_size=3000), st.integers(1, 400))
def test_bodies_are_read_at_every_cut_and_written_again(case: str, data: bytes, size: int) -> None:
    name, pack, unpack = CASES[case]
    packed = pack(data)
    pieces = [packed[at : at + size] for at in range(0, len(packed), size)]
    assert decode(name, pieces) == data
    coder = coding(name)
    list(coder.decode(packed))
    assert unpack(coder.encode(data[:99]) + coder.flush() + coder.encode(data[99:]) + coder.finish()) == data


@pytest.mark.parametrize("case", CASES)
def test_what_was_flushed_can_be_read(case: str) -> None:
    name, pack, _ = CASES[case]
    coder, reader = coding(name), coding(name)
    list(coder.decode(pack(b"x")))
    assert b"".join(reader.decode(coder.encode(b"<p>one</p>") + coder.flush())) == b"<p>one</p>"


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("damage", ["cut", "empty", "nonsense"])
def test_broken_bodies_are_told(case: str, damage: str) -> None:
    name, pack, _ = CASES[case]
    packed = pack(b"<p>text</p>" * 50)
    body = {"cut": packed[:-9], "empty": b"", "nonsense": b"<!doctype html><body>not packed</body>"}[damage]
    with pytest.raises(BrokenBody):
        decode(name, [body])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("size", [30_000_000, *range(5 * PIECE - 2, 5 * PIECE + 300, 43)])
def test_a_small_body_that_unfolds_does_so_in_pieces(case: str, size: int) -> None:
    name, pack, _ = CASES[case]
    coder = coding(name)
    pieces = [len(piece) for piece in coder.decode(pack(bytes(size)))]
    coder.end()
    assert sum(pieces) == size
    assert max(pieces) <= 2 * PIECE


def test_members_and_frames_in_a_row_are_one_body() -> None:
    assert decode("gzip", [gzip.compress(b"one") + gzip.compress(b"two")]) == b"onetwo"
    assert decode("zstd", [zstd.compress(b"one") + zstd.compress(b"two")]) == b"onetwo"
    assert decode("gzip", [gzip.compress(b"one") + b"\0\0\0"]) == b"one"


@pytest.mark.parametrize("name", ["compress", "", "gzip, br", "identity"])
def test_other_codings_are_unknown(name: str) -> None:
    with pytest.raises(LookupError, match="none of gzip"):
        coding(name)


def test_a_missing_library_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "brotli", None)
    with pytest.raises(LookupError, match=r"install flask-compliance\[brotli\]"):
        coding("br")


def test_zstd_windows_larger_than_browsers_take_are_refused() -> None:
    options = {zstd.CompressionParameter.window_log: 25, zstd.CompressionParameter.compression_level: 1}
    packer = zstd.ZstdCompressor(options=options)
    with pytest.raises(BrokenBody):
        decode("zstd", [packer.compress(b"x" * 100) + packer.flush()])
