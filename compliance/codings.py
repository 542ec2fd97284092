"""Content codings, undone and redone piece by piece: gzip, deflate, br and zstd (RFC 9110, section 8.4.1)."""

from __future__ import annotations

import importlib
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import ModuleType

PIECE = 64 * 1024  # about what leaves a decoder at once, so that a small body that unfolds into gigabytes does no harm
# Speed and size as web servers choose them for pages that are made per request.
_GZIP_LEVEL, _BROTLI_QUALITY, _ZSTANDARD_LEVEL = 6, 4, 3
_WINDOW = 8 * 1024 * 1024  # browsers refuse a larger one in zstd (RFC 9659, section 3)
_ZSTANDARD_SLICE = 256  # bytes: at most some 64 blocks of 128 KiB come out at once


class BrokenBody(Exception):
    """A body is not what its Content-Encoding says, or ends too early."""


class Coding(ABC):
    """Undoes and redoes the coding of one body; both sides keep their own state."""

    @abstractmethod
    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield what *data* adds to the decoded body, in pieces; raises `BrokenBody` where it is wrong."""

    @abstractmethod
    def end(self) -> None:
        """Raise `BrokenBody` unless the body in hand is complete."""

    @abstractmethod
    def encode(self, data: bytes) -> bytes:
        """Return what *data* adds to the encoded body; a part may be held back."""

    @abstractmethod
    def flush(self) -> bytes:
        """Return what is held back, so that all that was encoded can be read."""

    @abstractmethod
    def finish(self) -> bytes:
        """Return the end of the encoded body."""


class _Deflate(Coding):
    """gzip, and what is called deflate: zlib's format, or the bare one that some servers send."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._window = 31 if gzip else 15
        self._decoder: zlib._Decompress | None = None
        self._encoder = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, self._window)

    def decode(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._decoder is None:
                if not self._gzip and not _is_zlib(data):
                    self._window = -15
                    self._encoder = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, self._window)
                self._decoder = zlib.decompressobj(self._window)
            if self._decoder.eof:
                # Another member of a gzip body (RFC 1952, section 2.2); else padding, which is no content.
                if not self._gzip or not data.startswith(b"\x1f"):
                    return
                self._decoder = zlib.decompressobj(self._window)
            try:
                piece = self._decoder.decompress(data, PIECE)
            except zlib.error as error:
                raise BrokenBody(str(error)) from error
            data = self._decoder.unconsumed_tail or self._decoder.unused_data
            if piece:
                yield piece

    def end(self) -> None:
        if self._decoder is None or not self._decoder.eof:
            raise BrokenBody("the body ends too early")

    def encode(self, data: bytes) -> bytes:
        return self._encoder.compress(data)

    def flush(self) -> bytes:
        return self._encoder.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._encoder.flush()


def _is_zlib(start: bytes) -> bool:
    """Tell whether *start* is a zlib header (RFC 1950, section 2.2)."""
    return start[0] & 0x0F == 8 and (len(start) < 2 or (start[0] * 256 + start[1]) % 31 == 0)


class _Brotli(Coding):
    def __init__(self, brotli: ModuleType) -> None:
        self._decoder = brotli.Decompressor()
        self._encoder = brotli.Compressor(quality=_BROTLI_QUALITY)
        self._error: type[Exception] = brotli.error

    def decode(self, data: bytes) -> Iterator[bytes]:
        try:
            while data or not self._decoder.can_accept_more_data():
                piece: bytes = self._decoder.process(data, output_buffer_limit=PIECE)
                data = b""
                if not piece:
                    return
                yield piece
        except self._error as error:
            raise BrokenBody(str(error)) from error

    def end(self) -> None:
        if not self._decoder.is_finished():
            raise BrokenBody("the body ends too early")

    def encode(self, data: bytes) -> bytes:
        encoded: bytes = self._encoder.process(data)
        return encoded

    def flush(self) -> bytes:
        encoded: bytes = self._encoder.flush()
        return encoded

    def finish(self) -> bytes:
        encoded: bytes = self._encoder.finish()
        return encoded


class _Zstandard(Coding):
    def __init__(self, zstandard: ModuleType) -> None:
        self._frames = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
        self._decoder = self._frames.decompressobj()
        self._encoder = zstandard.ZstdCompressor(level=_ZSTANDARD_LEVEL).compressobj()
        self._error: type[Exception] = zstandard.ZstdError
        self._block: int = zstandard.COMPRESSOBJ_FLUSH_BLOCK

    def decode(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _ZSTANDARD_SLICE):
            rest = data[start : start + _ZSTANDARD_SLICE]
            while rest:
                if self._decoder.eof:
                    self._decoder = self._frames.decompressobj()
                try:
                    piece: bytes = self._decoder.decompress(rest)
                except self._error as error:
                    raise BrokenBody(str(error)) from error
                rest = self._decoder.unused_data
                if piece:
                    yield piece

    def end(self) -> None:
        if not self._decoder.eof:
            raise BrokenBody("the body ends too early")

    def encode(self, data: bytes) -> bytes:
        encoded: bytes = self._encoder.compress(data)
        return encoded

    def flush(self) -> bytes:
        encoded: bytes = self._encoder.flush(self._block)
        return encoded

    def finish(self) -> bytes:
        encoded: bytes = self._encoder.flush()
        return encoded


def coding(name: str) -> Coding | None:
    """Return what undoes and redoes the coding *name*; ``None`` for one that is unknown or whose library is missing.

    br needs the package brotli, zstd the package zstandard.
    """
    if name in ("gzip", "x-gzip", "deflate"):
        return _Deflate(gzip=name != "deflate")
    library = {"br": "brotli", "zstd": "zstandard"}.get(name)
    if library is None:
        return None
    try:
        module = importlib.import_module(library)
    except ImportError:
        return None
    return _Brotli(module) if name == "br" else _Zstandard(module)
