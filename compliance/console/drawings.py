"""The charts on pages of figures, as pictures: SVG without scripts (pygal), for light and for dark pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import charts
from ..characters import width
from ..errors import Message
from ..ledger.statistics import Cell, along
from ..messages.statistics import Day
from .pages import told
from .tables import Table, percent

_LABEL = 12  # pixels
_SHARED: Mapping[str, Any] = {
    **{"background": "transparent", "plot_background": "transparent", "opacity": ".9"},
    **{"label_font_size": _LABEL, "major_label_font_size": _LABEL, "legend_font_size": 14, "value_font_size": 12},
}
#: Colours that differ for eyes that see no red or green, too, and stand out from the ground by 3:1 at least.
_STYLES: Mapping[str, Mapping[str, Any]] = {
    "light": {
        **{"foreground": "#222", "foreground_strong": "#222", "foreground_subtle": "#767676"},
        **{"guide_stroke_color": "#d0d0d0", "major_guide_stroke_color": "#d0d0d0", "value_colors": ("#fff",)},
        "colors": ("#0b5cad", "#b45309", "#15803d", "#7c3aed", "#be185d", "#4b5563"),
    },
    "dark": {
        **{"foreground": "#e6e6e6", "foreground_strong": "#e6e6e6", "foreground_subtle": "#8c8c8c"},
        **{"guide_stroke_color": "#444", "major_guide_stroke_color": "#444", "value_colors": ("#111",)},
        "colors": ("#79b8ff", "#f2c078", "#7ee787", "#d2a8ff", "#ff9bce", "#c9d1d9"),
    },
}
THEMES = tuple(_STYLES)
_MOST_LABELS = 12
_LONGEST = 14  # categories that are drawn


def days(found: Sequence[Day], theme: str) -> bytes:
    """Draw what was received and answered on each day."""
    series = {
        told(Message("Received")): [one.received for one in found],
        told(Message("Answered")): [one.answered for one in found],
    }
    most = max((*(one.received for one in found), *(one.answered for one in found)), default=0)
    labels = [f"{one.day:%m-%d}" for one in found]
    return _drawn("Line", series, theme, labels, range=(0, max(4, most)), value_formatter=lambda value: f"{value:.0f}")


def categories(found: Table, theme: str) -> bytes:
    """Draw how much was received in the categories with the most of it."""
    rows = sorted(found.rows, key=lambda row: int(str(row[2])))[-_LONGEST:]
    series = {found.head[2]: [int(str(row[2])) for row in rows]}
    labels = [str(row[1]) for row in rows]
    # pygal takes a Chinese character for no wider than a Latin one.
    wide = max((width(label) - len(label) for label in labels), default=0)
    return _drawn(
        "HorizontalBar",
        series,
        theme,
        labels,
        height=90 + 32 * max(2, len(rows)),
        margin_left=8 + wide * _LABEL // 2,
        show_legend=False,
        print_values=True,
        value_formatter=lambda value: f"{value:.0f}",
    )


def agreement(cells: Mapping[tuple[str, str], Cell], theme: str) -> bytes:
    """Draw the share of decisions that agree on each day: of all, and by language."""
    periods, languages = along(cells, 0), along(cells, 1)
    series = {told(Message("All")): [percent(cell.share) for cell in periods.values()]}
    for language in languages if len(languages) > 1 else ():
        found = (cells.get((period, language)) for period in periods)
        series[language] = [percent(cell.share) if cell else None for cell in found]
    labels = [period[5:] for period in periods]
    return _drawn("Line", series, theme, labels, range=(0, 100), value_formatter=lambda value: f"{value:g} %")


def _drawn(
    kind: str, series: Mapping[str, Sequence[float | None]], theme: str, labels: Sequence[str], **options: Any
) -> bytes:
    every = max(1, -(-len(labels) // _MOST_LABELS))
    if kind == "Line":
        options |= {"x_labels_major_every": every, "show_minor_x_labels": False, "dots_size": 2.5}
        options |= {"height": 340, "interpolate": None}
    return charts.svg(
        kind,
        series,
        style={**_SHARED, **_STYLES[theme]},
        x_labels=labels,
        truncate_label=-1,
        width=900,
        legend_at_bottom=True,
        margin=8,
        stroke_style={"width": 2},
        no_data_text="–",
        **options,
    )
