"""Texts that a site gives in one or in several of its languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, GetJsonSchemaHandler, RootModel, ValidationInfo, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from .. import languages
from ..errors import Message
from .table import Context

Words = Annotated[str, Field(min_length=1)]
Language = Annotated[str, AfterValidator(languages.parse)]


def _of_site(tag: str, info: ValidationInfo) -> str:
    offered = Context.of(info).languages
    if offered and tag not in offered:
        raise ValueError(Message("name a language of site.languages: %(languages)s", languages=", ".join(offered)))
    return tag


class Text(RootModel[Mapping[Annotated[Language, AfterValidator(_of_site)], Words]]):
    """A text by language; one that was given as a plain string is in the site's first language."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    root: Mapping[Annotated[Language, AfterValidator(_of_site)], Words] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _in_first_language(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, str):
            return {next(iter(Context.of(info).languages), "en"): value}
        return value

    def get(self, locale: str | None = None) -> str:
        """Return the text that a reader of *locale* reads best."""
        return self.root[self.language(locale)]

    def language(self, locale: str | None = None) -> str:
        """Return the language of what `get` returns for *locale*."""
        offered = tuple(self.root)
        return languages.nearest(locale, offered) or offered[0]

    def __hash__(self) -> int:
        return hash(tuple(self.root.items()))

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        words = {"type": "string", "minLength": 1}
        return {
            "title": "Text",
            "description": "A text in the site's first language, or a table of it by language.",
            "anyOf": [words, {"type": "object", "minProperties": 1, "additionalProperties": words}],
        }
