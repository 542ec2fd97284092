"""Our templates, rendered: in an environment of our own, or in the host's where the site replaces one of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemBytecodeCache, FileSystemLoader, TemplateNotFound
from jinja2.bccache import Bucket

from .paths import TEMPLATES

_OURS = FileSystemLoader(TEMPLATES)
_MOST = 256  # results that are kept


class Renderer:
    """Renders templates for one site.

    *host* gives the environment of a site that may have templates of its own: one by the name of ours stands in its
    place, and is rendered with what the host's templates have, its globals, filters and extensions.
    """

    def __init__(self, host: Callable[[], Environment] | None = None) -> None:
        self._host = host
        self._made: dict[Hashable, str] = {}

    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """Render the template *name*, the site's own where it has one."""
        return self._environment.get_template(name).render(context)

    def render_once(
        self, name: str, values: Mapping[str, Any], told: Hashable, context: Callable[[], Mapping[str, Any]]
    ) -> str:
        """Render the template *name* with *values* in the *context* that depends on nothing but what is *told*.

        What our own template made of the same texts before is returned again. Other values than plain texts, or
        nothing, are rendered each time: markup is equal to the text that it must not be taken for.
        """
        plain = all(type(value) is str or value == () for value in values.values())
        if not plain or self.is_replaced(name):
            return self.render(name, {**context(), **values})
        key = name, told, tuple(values.items())
        made = self._made.get(key)
        if made is None:
            if len(self._made) >= _MOST:
                self._made.clear()
            made = self._made[key] = self.render(name, {**context(), **values})
        return made

    def is_replaced(self, *names: str) -> bool:
        """Return whether the site has a template of its own for one of *names*."""
        if self._environment is _own():
            return False
        files = (self._environment.get_template(name).filename for name in names)
        return not all(file and Path(file).is_relative_to(TEMPLATES) for file in files)

    @cached_property
    def _environment(self) -> Environment:
        if self._host is None:
            return _own()
        host = self._host()
        if host.loader is None or not any(_has(host, host.loader, name) for name in _names()):
            return _own()
        return _beside(host, host.loader)


def plainly(name: str, context: Mapping[str, Any]) -> str:
    """Render our own template *name*, whatever a site has."""
    return _own().get_template(name).render(context)


class _Compiled(FileSystemBytecodeCache):
    """Our templates as they were compiled, in a folder of this user's own; without room they are compiled anew."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


@cache
def _own() -> Environment:
    try:
        compiled = _Compiled()
    except (OSError, RuntimeError):  # there is no such folder, or it is somebody else's
        compiled = None
    return Environment(loader=_OURS, autoescape=True, bytecode_cache=compiled)


@cache
def _names() -> tuple[str, ...]:
    return tuple(name for name in _OURS.list_templates() if name.startswith("compliance/"))


def _has(environment: Environment, loader: BaseLoader, name: str) -> bool:
    try:
        loader.get_source(environment, name)
    except TemplateNotFound:
        return False
    return True


def _beside(host: Environment, loader: BaseLoader) -> Environment:
    """Return *host* with our templates behind its own, and Jinja's own syntax: a host may have chosen other marks."""
    environment = host.overlay(
        block_start_string="{%",
        block_end_string="%}",
        variable_start_string="{{",
        variable_end_string="}}",
        comment_start_string="{#",
        comment_end_string="#}",
        line_statement_prefix=None,
        line_comment_prefix=None,
        trim_blocks=False,
        lstrip_blocks=False,
        autoescape=True,
    )
    environment.loader = ChoiceLoader([loader, _OURS])
    return environment
