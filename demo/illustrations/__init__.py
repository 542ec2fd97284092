"""The site's pictures, drawn by ``python -m demo.illustrations`` into ``static/illustrations``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from .city import bridges, cableway, confluence, hall, monorail
from .country import cliff, railway
from .shapes import HEIGHT, WIDTH
from .table import hotpot, sake

FOLDER = Path(__file__).parent.parent / "static" / "illustrations"

Scene = Callable[[Random], Iterator[str]]
SCENES: tuple[Scene, ...] = (hall, bridges, railway, sake, confluence, monorail, hotpot, cliff, cableway)


def draw(scene: Scene) -> str:
    """Draw *scene* as an SVG document, the same at every time."""
    content = "\n".join(scene(Random(scene.__name__)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f"<title>{scene.__doc__}</title>\n{content}\n</svg>\n"
    )
