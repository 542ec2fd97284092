"""HAProxy, with a configuration as the documentation has it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.nginx import listens

from .programs import Program, installed


@contextmanager
def haproxy(page: Path, folder: Path, changes: Mapping[str, str], *, port: int) -> Iterator[Program]:
    """Run what *page* shows as configuration and as check of a node, each of *changes* made; it listens on *port*."""
    text = page.read_text(encoding="utf-8")
    for documented, here in changes.items():
        assert documented in text
        text = text.replace(documented, here)
    configuration, check = folder / "haproxy.cfg", folder / "galera-check"
    configuration.write_text(_block(text, "haproxy"), encoding="utf-8")
    check.write_text(_block(text, "bash"), encoding="utf-8")
    check.chmod(0o755)
    command = [installed("haproxy", package="HAProxy"), "-db", "-f", str(configuration)]
    with Program(command, log=folder / "haproxy.log", answers=lambda: listens(port)) as program:
        yield program


def _block(text: str, language: str) -> str:
    [block] = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return block
