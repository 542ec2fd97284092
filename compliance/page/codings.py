"""Content codings, undone and redone piece by piece: gzip, deflate, br and zstd (RFC 9110, section 8.4.1)."""

from __future__ import annotations

import gzip
import importlib
import sys
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any

PIECE = 64 * 1024  # what leaves a decoder at once, so that a few bytes that unfold into gigabytes do no harm
_SLICE = 16 * 1024  # what enters it at once: what it cannot take in yet is copied

# Between speed and size, as servers choose for pages that are made per request.
_GZIP_LEVEL, _BROTLI_QUALITY, _ZSTANDARD_LEVEL = 6, 4, 3
_SMALLEST = {"br": {"quality": 11}, "zstd": {"level": 19}}  # for what is compressed once and sent often
_WINDOW_LOG = 23  # browsers refuse a larger window (RFC 9659, section 3)


class BrokenBody(Exception):
    """A body is not in the coding that its header names, or ends too early."""


class Coding(ABC):
    """Undoes and redoes the coding of one body; both sides keep their own state."""

    failure: type[Exception]

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield what *data* adds to the decoded body, in pieces of about `PIECE`. Raises `BrokenBody`."""
        try:
            for start in range(0, len(data), _SLICE):
                yield from self._decoded(data[start : start + _SLICE])
        except self.failure as error:
            raise BrokenBody(str(error)) from error

    @abstractmethod
    def _decoded(self, data: bytes) -> Iterator[bytes]: ...

    def end(self) -> None:
        """Raise `BrokenBody` unless what was decoded is a whole body."""
        if not self.complete:
            raise BrokenBody("the body ends too early")

    @property
    @abstractmethod
    def complete(self) -> bool:
        """Whether what was decoded is a whole body."""

    @abstractmethod
    def encode(self, data: bytes) -> bytes:
        """Return what *data* adds to the encoded body; a part may be held back."""

    @abstractmethod
    def flush(self) -> bytes:
        """Return what is held back, so that all that was encoded can be read."""

    @abstractmethod
    def finish(self) -> bytes:
        """Return the end of the encoded body."""


class _Zlib(Coding):
    failure = zlib.error

    def __init__(self, wbits: int) -> None:
        self._open(wbits)

    def _open(self, wbits: int) -> None:
        self._wbits = wbits
        self._decoder = zlib.decompressobj(wbits)
        self._encoder = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, wbits)

    def _decoded(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._decoder.eof:
                # Another member (RFC 1952, section 2.2), or padding, which is no content.
                if not data.startswith(b"\x1f"):
                    return
                self._decoder = zlib.decompressobj(self._wbits)
            piece = self._decoder.decompress(data, PIECE)
            yield piece
            # The input may be used up before the output is.
            while not self._decoder.eof and (self._decoder.unconsumed_tail or len(piece) == PIECE):
                piece = self._decoder.decompress(self._decoder.unconsumed_tail, PIECE)
                yield piece
            data = self._decoder.unused_data

    @property
    def complete(self) -> bool:
        return self._decoder.eof

    def encode(self, data: bytes) -> bytes:
        return self._encoder.compress(data)

    def flush(self) -> bytes:
        return self._encoder.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._encoder.flush()


class _Deflate(_Zlib):
    """The zlib format, or bare deflate data, which some servers send and all browsers read."""

    def __init__(self) -> None:
        super().__init__(zlib.MAX_WBITS)
        self._told = False

    def _decoded(self, data: bytes) -> Iterator[bytes]:
        if not self._told:
            self._told = True
            if data[0] & 0x0F != zlib.DEFLATED:  # RFC 1950, section 2.2
                self._open(-zlib.MAX_WBITS)
        return super()._decoded(data)


class _Brotli(Coding):
    def __init__(self, library: Any) -> None:
        self.failure = library.error
        self._decoder = library.Decompressor()
        self._encoder = library.Compressor(quality=_BROTLI_QUALITY)

    def _decoded(self, data: bytes) -> Iterator[bytes]:
        while piece := self._decoder.process(data, output_buffer_limit=PIECE):
            yield piece
            data = b""

    @property
    def complete(self) -> bool:
        return bool(self._decoder.is_finished())

    def encode(self, data: bytes) -> bytes:
        return bytes(self._encoder.process(data))

    def flush(self) -> bytes:
        return bytes(self._encoder.flush())

    def finish(self) -> bytes:
        return bytes(self._encoder.finish())


class _Zstandard(Coding):
    def __init__(self, library: Any) -> None:
        self.failure = library.ZstdError
        self._decompressor = partial(
            library.ZstdDecompressor, options={library.DecompressionParameter.window_log_max: _WINDOW_LOG}
        )
        self._decoder = self._decompressor()
        self._encoder = library.ZstdCompressor(level=_ZSTANDARD_LEVEL)

    def _decoded(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._decoder.eof:
                self._decoder = self._decompressor()
            yield self._decoder.decompress(data, PIECE)
            while not (self._decoder.eof or self._decoder.needs_input):
                yield self._decoder.decompress(b"", PIECE)
            data = self._decoder.unused_data if self._decoder.eof else b""

    @property
    def complete(self) -> bool:
        return bool(self._decoder.eof)

    def encode(self, data: bytes) -> bytes:
        return bytes(self._encoder.compress(data))

    def flush(self) -> bytes:
        return bytes(self._encoder.flush(self._encoder.FLUSH_BLOCK))

    def finish(self) -> bytes:
        return bytes(self._encoder.flush(self._encoder.FLUSH_FRAME))


_CODINGS: dict[str, Callable[[], Coding]] = {
    "gzip": partial(_Zlib, zlib.MAX_WBITS + 16),
    "x-gzip": partial(_Zlib, zlib.MAX_WBITS + 16),
    "deflate": _Deflate,
}
_LIBRARIES: dict[str, tuple[Callable[[Any], Coding], str, str]] = {  # how it is used, the module, the extra it is in
    "br": (_Brotli, "brotli", "brotli"),
    "zstd": (_Zstandard, "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd", "zstandard"),
}


def coding(name: str) -> Coding:
    """Return what undoes and redoes the coding *name* of one body.

    Raises `LookupError`, which says what is missing, where it is not known or its library is not installed.
    """
    if name in _CODINGS:
        return _CODINGS[name]()
    if name not in _LIBRARIES:
        raise LookupError(f"the Content-Encoding {name[:40]!r} is none of gzip, deflate, br and zstd")
    with_library, module, extra = _LIBRARIES[name]
    try:
        return with_library(importlib.import_module(module))
    except ImportError as error:
        missing = f"the Content-Encoding {name!r} needs the module {module}"
        raise LookupError(f"{missing}: install flask-compliance[{extra}]") from error


@lru_cache(maxsize=64)
def packed(data: bytes, name: str) -> bytes | None:
    """Return *data* in the coding *name*, as small as it gets; ``None`` where its library is not installed."""
    if name == "gzip":
        return gzip.compress(data, mtime=0)
    try:
        library = importlib.import_module(_LIBRARIES[name][1])
    except ImportError:
        return None
    small: bytes = library.compress(data, **_SMALLEST[name])
    return small
