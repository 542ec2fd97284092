"""Where the templates, the catalogues and the static files lie, in a checkout as in an installed package."""

from __future__ import annotations

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


def private_folder(path: Path) -> Path:
    """Make the folder *path*, and those above it that are missing, for their owner alone, whatever the umask.

    What is there already keeps its rights. Raises `OSError` where it cannot be made.
    """
    if not path.is_dir():
        private_folder(path.parent)
        with suppress(FileExistsError):  # by another process, meanwhile
            path.mkdir(mode=0o700)
    return path
