"""The articles of the site and what is known of each."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

CONTENT = Path(__file__).parent / "content"


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article in one language; its body is the template ``articles/<language>/<slug>.html``."""

    slug: str
    language: str
    published: date
    tags: tuple[str, ...]
    illustration: str
    title: str
    series: str = ""
    summary: str
    alt: str
    caption: str
    author: str
    source: str
    editor: str
    generated: bool  # by artificial intelligence

    @property
    def body(self) -> str:
        """The name of the template with the text."""
        return f"articles/{self.language}/{self.slug}.html"


def read_articles(language: str) -> Mapping[str, Article]:
    """Read the articles in *language*, newest first, by slug."""
    with (CONTENT / "articles.toml").open("rb") as file:
        entries = tomllib.load(file)["articles"]
    articles = [
        Article(
            slug=entry["slug"],
            language=language,
            published=entry["published"],
            tags=tuple(entry["tags"]),
            illustration=entry["illustration"],
            generated=entry.get("generated", False),
            **entry[language],
        )
        for entry in entries
    ]
    return {article.slug: article for article in sorted(articles, key=lambda one: one.published, reverse=True)}
