"""Folders that are stamped: twice is once, in place is beside, and the way back leads to what there was."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from compliance.page.injection import Markup
from compliance.stamp import Did, Folder, Press

from . import soup
from .pages import FOOT, GATE, HEAD, packed
from .target import Target

_NAME = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=9).filter(
    lambda name: name not in (".", "..", ".compliance")
)
_ENDS = (".html", ".htm", ".html.gz", ".html.br", ".shtml", ".jpg", "")
_FILES = st.dictionaries(st.tuples(_NAME, st.sampled_from(_ENDS)), soup.bodies(), max_size=4)


def _folder(files: dict[tuple[str, str], bytes]) -> None:
    press, other = (
        Press(lambda *_, head=head: Markup(head=head, foot=FOOT), gate=gate, digest=head.decode())
        for head, gate in ((HEAD, None), (HEAD.replace(b">b<", b">another<"), GATE))
    )
    with TemporaryDirectory() as root:
        source, one, two = (Path(root, name) for name in ("source", "one", "two"))
        source.mkdir()
        for (name, end), content in files.items():
            try:
                coded = (
                    packed(content, {".gz": "gzip", ".br": "br"}[end[-3:]]) if end[-3:] in (".gz", ".br") else content
                )
                (source / f"{name}{end}").write_bytes(coded)
            except OSError:
                return  # no name of a file here
        for target in (one, two):
            list(_stamped(source, target, press))
        assert {did.did for did in _stamped(source, one, press)} <= {Did.KEPT, Did.SKIPPED}
        list(_stamped(one, one, press))
        first = _content(one)
        assert first == _content(two)
        list(_stamped(one, one, other))
        list(_stamped(one, one, press))
        assert _content(one) == first


def _stamped(source: Path, target: Path, press: Press) -> list[object]:
    return list(Folder(source, target, press, ours={"ours/a.css": b"p {}"}, lasting="ours/", jobs=1).stamp())


def _content(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and ".compliance" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


TARGETS = [Target(name="stamp", inputs=_FILES, test=_folder)]
