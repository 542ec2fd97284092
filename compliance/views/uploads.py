"""Pictures that come with a form: counted before they are decoded, and made anew."""

from __future__ import annotations

from datetime import datetime

from ..errors import ComplianceError
from ..pictures import BusyError, Picture, PictureError, clean_all
from .pages import source
from .requests import request, state


class OftenError(ComplianceError):
    """More pictures than may be sent at a time; *retry_after* seconds later they may be."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


def uploaded(now: datetime) -> list[Picture]:
    """Return the pictures of this request.

    Raises `PictureError`, and `OftenError` for more than a source may send, or this process decode.
    """
    files = [file for file in request.files.getlist("pictures") if file.filename]
    if len(files) > state().settings.messages.pictures:
        raise PictureError("number")
    contents = [file.read() for file in files]
    if contents:
        # Before they are decoded, which is the work that somebody could want to cause.
        verdict = state().throttle.upload(source(now), sum(map(len, contents)))
        if not verdict.allowed:
            raise OftenError(verdict.retry_after)
    try:
        return clean_all(contents)
    except BusyError as error:
        raise OftenError(error.retry_after) from error
