"""Settings as people might write them: read, or refused with all that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from compliance.errors import SettingsError
from compliance.settings import load, toml
from tests.support.host import ROOT, SETTINGS

from . import soup
from .target import Target

_EXAMPLE = (ROOT / "compliance.toml").read_text(encoding="utf-8")
_LINES = _EXAMPLE.splitlines()
_MARKS = (
    *(
        '"',
        "'",
        "“",
        "”",
        "＝",
        "=",
        "【",
        "】",
        "[",
        "]",
        "[[",
        "{",
        "}",
        ",",
        "，",
        "#",
        "\n",
        "\r",
        "\t",
        ":",
        "：",
        "-",
    ),
    *(
        '"""',
        "'''",
        "\\",
        "\\u0000",
        "\ufeff",
        "\0",
        "true",
        "1979-05-27",
        "0x1",
        "nan",
        "= =",
        "password = ",
        "é",
        "\ud800",
    ),
)
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), soup.texts(60), st.binary(max_size=4)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(soup.texts(20), inner, max_size=3)),
    max_leaves=6,
)
_KEYS = [(table, key) for table, values in SETTINGS.items() for key in values] + [
    *(("site", key) for key in ("prefix", "email", "languages", "url")),
    *(("consent", key) for key in ("mode", "categories", "trackers", "lifetime_days", "cookie_domain", "cookies")),
    *(("messages", key) for key in ("deliver_to", "categories", "challenge", "limits", "holidays")),
    *(("storage", "url"), ("limits", "storage"), ("mail", "host"), ("mail", "port"), ("legal", "directory")),
    *(("licences", key) for key in ("icp", "public_security", "news", "telecom", "drug_information", "app", "mini")),
    *(("articles", key) for key in ("sources", "corrections")),
]


def _mapping(made: list[tuple[tuple[str, str], Any]]) -> None:
    data: dict[str, Any] = {name: dict(table) for name, table in SETTINGS.items()}
    for (table, key), value in made:
        data.setdefault(table, {})[key] = value
    try:
        load(data, folder=Path("/nonexistent"))
    except SettingsError as error:
        assert error.problems
        str(error)


def _file(lines: list[str]) -> None:
    content = "\n".join(lines).encode("utf-8", "surrogatepass")
    try:
        toml.parse(content)
    except toml.TomlError as error:
        assert error.problems
        str(error)


_LINE = st.builds(
    lambda line, at, mark: line[: int(at * len(line))] + mark + line[int(at * len(line)) :],
    st.sampled_from(_LINES),
    st.floats(0, 1),
    st.sampled_from(["", *_MARKS]),
)
TARGETS = [
    Target(name="settings", inputs=st.lists(st.tuples(st.sampled_from(_KEYS), _VALUES), max_size=3), test=_mapping),
    Target(
        name="toml",
        inputs=st.lists(
            st.one_of(_LINE, _LINE, soup.texts(60), st.lists(st.sampled_from(_MARKS)).map("".join)), max_size=8
        ),
        test=_file,
    ),
]
