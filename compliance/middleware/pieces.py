"""A page that comes in pieces, and leaves in pieces."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

from ..codings import BrokenBody
from .transform import Transform

if TYPE_CHECKING:
    from .exchange import Body, Exchange


class Pieces:
    """A page that comes in pieces, and leaves in pieces: what cannot be the end of it is not held back."""

    def __init__(self, exchange: Exchange, body: Body) -> None:
        self._exchange = exchange
        self._body = body
        self._pieces = self._run()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._pieces)

    def close(self) -> None:
        """Close the source, also when the reader has gone before the first piece."""
        self._pieces.close()
        self._body.close()

    def _run(self) -> Generator[bytes]:
        exchange, coder = self._exchange, None
        if exchange.coded:
            coder = exchange.coding()
            if coder is None:
                yield from self._untouched([])
                return
        raw: list[bytes] = []
        start = b""
        transform: Transform | None = None
        begun = False
        try:
            for chunk in self._body:
                if not begun:
                    raw.append(chunk)
                for piece in (chunk,) if coder is None else coder.decode(chunk):
                    if transform is None:
                        start += piece
                        if not exchange.tells(start):
                            continue
                        transform, piece = exchange.transform(start), start
                        if transform is None:
                            yield from self._untouched(raw)
                            return
                    out = transform.feed(piece)
                    if not begun:
                        if not transform.decided:
                            continue
                        if not transform.changes:
                            yield from self._untouched(raw)
                            return
                        exchange.begin_changed(transform.letter, None)
                        begun, raw = True, []
                    if coder is not None:
                        out = coder.encode(out)
                    if out:
                        yield out
                if begun and coder is not None and (out := coder.flush()):
                    yield out
            if coder is not None:
                coder.end()
        except BrokenBody as error:
            exchange.state.tell(f"a body is not what its Content-Encoding says ({error})")
            if not begun or coder is None or transform is None:
                yield from self._untouched(raw)
                return
            # What was read of it has left in part; the rest cannot be read by anyone.
            yield coder.encode(transform.abandon()) + coder.finish()
            return
        out = b""
        if transform is None and (transform := exchange.transform(start)) is not None:
            out = transform.feed(start)
        if transform is not None:
            out += transform.close()
        if not begun:
            if transform is None or not transform.changes:
                yield from self._untouched(raw)
                return
            exchange.begin_changed(transform.letter, None)
        if coder is not None:
            out = coder.encode(out) + coder.finish()
        yield out

    def _untouched(self, raw: list[bytes]) -> Iterator[bytes]:
        self._exchange.begin()
        yield b"".join(raw)
        yield from self._body
