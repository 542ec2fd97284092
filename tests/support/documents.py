"""The documents of the html5lib test suite, where it lies beside the checkout."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

SUITE = Path(__file__).resolve().parents[3] / "shared" / "html5lib-tests" / "tree-construction"


def documents() -> Iterator[tuple[str, bytes]]:
    for path in sorted(SUITE.glob("*.dat")):
        for number, test in enumerate((b"\n" + path.read_bytes()).split(b"\n#data\n")[1:]):
            data = b"" if test.startswith(b"#errors") else test.split(b"\n#errors", 1)[0]
            yield f"{path.name}:{number}", data


suite = pytest.mark.skipif(not SUITE.is_dir(), reason=f"the html5lib test suite is not at {SUITE.parent}")
