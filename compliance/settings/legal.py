"""The tables of the legal documents, and of what articles have to say of themselves."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, WithJsonSchema

from .addresses import File, Folder
from .table import Table
from .texts import Text


class Legal(Table):
    """The legal documents."""

    directory: Annotated[Folder | None, WithJsonSchema({"type": "string", "minLength": 1})] = Field(
        default=None,
        description="The folder of the site's own documents, from the folder of the settings file.",
        examples=["legal"],
    )
    effective: date | None = Field(
        default=None,
        description="The day on which the site published the built-in documents; without it the day of this file.",
        examples=["2026-12-01"],
    )
    officer: Text | None = Field(
        default=None,
        description="Who is in charge of protecting personal information, and how to reach them.",
        examples=["Data Protection Office, privacy@ichongqing.info"],
    )
    children_officer: Text | None = Field(
        default=None,
        description="Who is in charge of protecting children's personal information; without it the officer above.",
        examples=["Li Ming, Editorial Office, children@ichongqing.info"],
    )
    representative: Text | None = Field(
        default=None,
        description="Who represents the operator in the European Union, and how to reach them.",
        examples=["News Europe GmbH, Unter den Linden 1, 10117 Berlin, eu@ichongqing.info"],
    )
    supervisor: Text | None = Field(
        default=None,
        description="The body that supervises the site, 主管单位.",
        examples=["Publicity Department of Chongqing"],
    )
    sponsor: Text | None = Field(
        default=None,
        description="The body that publishes the site, 主办单位; without it site.operator.",
        examples=["Chongqing International Communication Center"],
    )
    editor_in_chief: Text | None = Field(
        default=None, description="The editor-in-chief, 总编辑.", examples=["Wang Fang"]
    )


class Articles(Table):
    """What articles have to say of themselves."""

    corrections: Annotated[File | None, WithJsonSchema({"type": "string", "minLength": 1})] = Field(
        default=None,
        description="A file of the corrections that were published, for their public page and for articles.",
        examples=["corrections.toml"],
    )
    sources: Annotated[File | None, WithJsonSchema({"type": "string", "minLength": 1})] = Field(
        default=None,
        description="A file of the names of sources that the site reprints from, one a line.",
        examples=["sources.txt"],
    )
