"""Reports that are sent while they are made."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from flask import Blueprint, Response, g, make_response, request, stream_template, stream_with_context
from flask.typing import ResponseReturnValue

blueprint = Blueprint("reports", __name__, url_prefix="/reports")


def days() -> Iterator[tuple[int, int]]:
    """Two columns of figures."""
    return ((day, day * day) for day in range(1, 501))


@blueprint.get("/visits.csv")
def visits() -> Response:
    """The figures as CSV."""

    def lines() -> Iterator[str]:
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        for row in days():
            writer.writerow(row)
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()

    return Response(lines(), mimetype="text/csv", headers={"Content-Disposition": "attachment; filename=visits.csv"})


@blueprint.get("/visits")
def page() -> ResponseReturnValue:
    """The figures as a page, from a template."""
    return stream_template("visits.html", days=days())


@blueprint.get("/log")
def log() -> Response:
    """A page written line by line, by hand."""

    def parts() -> Iterator[str]:
        yield f"<!DOCTYPE html><html lang=zh-CN><title>日志</title><h1>{g.reader} 的日志</h1><ol>"
        for day, count in days():
            yield f"<li>{request.args.get('unit', 'Tag')} {day}: {count}"
        yield "</ol>"

    return Response(stream_with_context(parts()))


@blueprint.get("/letter.html")
def letter() -> Response:
    """A page to be saved as a file."""
    response = make_response("<!DOCTYPE html><html><title>Letter</title><body><p>Dear reader</body></html>")
    response.headers["Content-Disposition"] = "attachment; filename=letter.html"
    return response


@blueprint.get("/summary")
def summary() -> Response:
    """A page with validators of its own."""
    response = make_response("<!DOCTYPE html><html lang=en><title>Summary</title><body><p>500 days</body></html>")
    response.set_etag("summary-1")
    response.cache_control.max_age = 60
    response.make_conditional(request)
    return response


@blueprint.get("/broken")
def broken() -> Response:
    """A page that fails."""
    raise LookupError("no such report")
