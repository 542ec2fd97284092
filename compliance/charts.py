"""Charts as SVG that runs no script."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from .errors import ComplianceError, Message


def svg(kind: str, series: Mapping[str, Iterable[float | None]], *, style: Mapping[str, Any], **options: Any) -> bytes:
    """Return *series* drawn as pygal's chart *kind*, such as `Line`, with its *style* and *options*.

    Raises `ComplianceError` where pygal is missing.
    """
    try:
        import pygal  # type: ignore[import-untyped]  # it has no annotations
        from pygal.style import Style  # type: ignore[import-untyped]
    except ImportError as error:
        raise ComplianceError(Message("charts need pygal: pip install flask-compliance[charts]")) from error
    # pygal leaves an import hook of a kind that Python warns of, at every import of a module that is not there.
    sys.meta_path[:] = [hook for hook in sys.meta_path if type(hook).__module__ != pygal.__name__]
    drawing = getattr(pygal, kind)(js=[], style=Style(font_family="sans-serif", **style), **options)
    for name, values in series.items():
        drawing.add(name, list(values))
    drawing.add_xml_filter(_without_scripts)
    rendered: bytes = drawing.render()
    return rendered


def _without_scripts(root: Any) -> Any:
    for parent in list(root.iter()):
        for child in [child for child in parent if str(child.tag).endswith("script")]:
            parent.remove(child)
    return root
