"""Where the templates, the catalogues and the static files lie, in a checkout as in an installed package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _data_folder(name: str) -> Path:
    """Find *name* inside the installed package, else beside it in a checkout."""
    installed = _PACKAGE / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


TEMPLATES = _data_folder("templates")
TRANSLATIONS = _data_folder("translations")
STATIC = _PACKAGE / "static"
