"""Where the templates, the catalogues and the static files lie; folders and files that are made with care."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _data_folder(name: str) -> Path:
    """Find *name* inside the installed package, else beside it in a checkout."""
    installed = _PACKAGE / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


TEMPLATES = _data_folder("templates")
TRANSLATIONS = _data_folder("translations")
STATIC = _PACKAGE / "static"
CONSOLE_STATIC = _PACKAGE / "console" / "static"


def private_folder(path: Path) -> Path:
    """Make the folder *path*, and those above it that are missing, for their owner alone, whatever the umask.

    What is there already keeps its rights. Raises `OSError` where it cannot be made.
    """
    if not path.is_dir():
        private_folder(path.parent)
        with suppress(FileExistsError):  # by another process, meanwhile
            path.mkdir(mode=0o700)
    return path


def replace_file(path: Path, pieces: Iterable[str], *, mode: int) -> None:
    """Write *pieces* as the file at *path*, with the rights *mode*, as a whole or not at all.

    What no UTF-8 stands for is written as its escape. Raises `OSError` where that cannot be.
    """
    from tempfile import NamedTemporaryFile  # which brings what no page needs

    with NamedTemporaryFile("w", encoding="utf-8", errors="backslashreplace", dir=path.parent, delete=False) as file:
        try:
            file.writelines(pieces)
            file.close()
            os.chmod(file.name, mode)
            os.replace(file.name, path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
