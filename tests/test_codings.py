from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from compliance.codings import PIECE, BrokenBody, coding


def bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def unpack_zstd(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(data)


CASES: dict[str, tuple[str, Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress, gzip.decompress),
    "x-gzip": ("x-gzip", gzip.compress, gzip.decompress),
    "zlib": ("deflate", zlib.compress, zlib.decompress),
    "bare deflate": ("deflate", bare, lambda data: zlib.decompress(data, wbits=-15)),
    "br": ("br", brotli.compress, brotli.decompress),
    "zstd": ("zstd", zstandard.ZstdCompressor().compress, unpack_zstd),
}


def decode(name: str, pieces: list[bytes]) -> bytes:
    coder = coding(name)
    assert coder is not None
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
    assert coder is not None
    list(coder.decode(packed))
    assert unpack(coder.encode(data[:99]) + coder.flush() + coder.encode(data[99:]) + coder.finish()) == data


@pytest.mark.parametrize("case", CASES)
def test_what_was_flushed_can_be_read(case: str) -> None:
    name, pack, _ = CASES[case]
    coder, reader = coding(name), coding(name)
    assert coder is not None and reader is not None
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


@pytest.mark.parametrize(("case", "bound"), [(case, 2 * PIECE) for case in CASES if case != "zstd"] + [("zstd", 2**23)])
def test_a_small_body_that_unfolds_does_so_in_pieces(case: str, bound: int) -> None:
    name, pack, _ = CASES[case]
    coder = coding(name)
    assert coder is not None
    assert max(len(piece) for piece in coder.decode(pack(b"\0" * 30_000_000))) <= bound


def test_members_and_frames_in_a_row_are_one_body() -> None:
    assert decode("gzip", [gzip.compress(b"one") + gzip.compress(b"two")]) == b"onetwo"
    pack = zstandard.ZstdCompressor().compress
    assert decode("zstd", [pack(b"one") + pack(b"two")]) == b"onetwo"
    assert decode("gzip", [gzip.compress(b"one") + b"\0\0\0"]) == b"one"


@pytest.mark.parametrize("name", ["compress", "", "gzip, br", "identity"])
def test_other_codings_are_unknown(name: str) -> None:
    assert coding(name) is None
