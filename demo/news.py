"""The pages of the site, once for each language."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, make_response, render_template, request, send_from_directory, url_for
from markupsafe import Markup

from .articles import CONTENT, Article, read_articles

LANGUAGES = ("en", "zh")
ARCHIVE = Path(__file__).parent / "archive"

articles = {language: read_articles(language) for language in LANGUAGES}
texts: dict[str, dict[str, Any]] = tomllib.loads((CONTENT / "texts.toml").read_text(encoding="utf-8"))

# Registered under the name of each language, so that `url_for("zh.article", slug=…)` is the Chinese page.
blueprint = Blueprint("news", __name__)


def page_language() -> str:
    """The language of the page that is asked for: its address says it, on error pages too."""
    return "zh" if request.path.split("/", 2)[1] == "zh" else "en"


def page_context() -> dict[str, Any]:
    """What every template may use."""
    language = page_language()
    other = "en" if language == "zh" else "zh"
    endpoint = f".{request.endpoint}".rsplit(".", 1)[1] if request.blueprint else "home"
    values = {**request.args.to_dict(), **(request.view_args or {})} if request.blueprint else {}

    def page_url(page: str, **values: Any) -> str:
        return url_for(f"{language}.{page}", **values)

    return {
        "language": language,
        "text": texts[language],
        "page_url": page_url,
        "other_url": url_for(f"{other}.{endpoint}", **values),
        "written_date": written_date,
    }


def written_date(day: date, language: str) -> str:
    """*day* as the pages print it."""
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day:%b} {day.day},{day.year}"


def feed_date(day: date) -> str:
    """*day* as RSS wants it (RFC 822)."""
    return format_datetime(datetime.combine(day, time(), UTC))


@blueprint.get("/")
def home() -> str:
    """The front page: the newest article large, the others below."""
    lead, *others = articles[page_language()].values()
    return render_template("home.html", lead=lead, others=others)


@blueprint.get("/articles/<slug>")
def article(slug: str) -> str:
    """One article."""
    known = articles[page_language()]
    if slug not in known:
        abort(404)
    shown = known[slug]
    more = sorted((one for one in known.values() if one != shown), key=lambda one: not set(one.tags) & set(shown.tags))
    return render_template("article.html", article=shown, more=more[:3])


@blueprint.get("/tags/<tag>")
def tag(tag: str) -> str:
    """The articles that carry *tag*."""
    tagged = [one for one in articles[page_language()].values() if tag in one.tags]
    if not tagged:
        abort(404)
    return render_template("tag.html", tag=tag, articles=tagged)


@blueprint.get("/search")
def search() -> str:
    """The articles in which the word asked for occurs."""
    word = request.args.get("q", "").strip()
    found = [one for one in articles[page_language()].values() if word and _mentions(one, word)]
    return render_template("search.html", word=word, articles=found)


def _mentions(article: Article, word: str) -> bool:
    written = Markup(render_template(article.body)).striptags()
    return word.casefold() in f"{article.title} {article.summary} {written}".casefold()


@blueprint.get("/feed.xml")
def feed() -> Response:
    """The articles as an RSS feed."""
    response = make_response(
        render_template("feed.xml", articles=articles[page_language()].values(), feed_date=feed_date)
    )
    response.mimetype = "application/rss+xml"
    return response


@blueprint.get("/archive")
def archive() -> str:
    """The list of the old pages."""
    return render_template("archive.html")


@blueprint.get("/archive/<name>")
def archived(name: str) -> Response:
    """An old page as it lies in its file, whose own ``<meta>`` tells the charset."""
    response = send_from_directory(ARCHIVE, name)
    response.headers["Content-Type"] = "text/html"
    return response
