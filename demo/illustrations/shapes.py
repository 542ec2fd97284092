"""What the pictures are put together from: SVG elements, and hills, towers, water, trees, roofs made of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random

WIDTH, HEIGHT = 1200, 675


def number(value: float) -> str:
    """*value* as briefly as SVG takes it."""
    return f"{value:.1f}".removesuffix(".0")


def element(name: str, content: str = "", /, **attributes: str | float) -> str:
    """An SVG element; an underscore in the name of an attribute stands for a hyphen."""
    written = "".join(
        f' {key.replace("_", "-")}="{value if isinstance(value, str) else number(value)}"'
        for key, value in attributes.items()
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def rect(x: float, y: float, width: float, height: float, fill: str, **more: str | float) -> str:
    """A rectangle."""
    return element("rect", x=x, y=y, width=width, height=height, fill=fill, **more)


def circle(x: float, y: float, radius: float, fill: str, **more: str | float) -> str:
    """A circle."""
    return element("circle", cx=x, cy=y, r=radius, fill=fill, **more)


def path(d: str, fill: str, **more: str | float) -> str:
    """A filled path."""
    return element("path", d=d, fill=fill, **more)


def line(d: str, stroke: str, width: float, **more: str | float) -> str:
    """A path that is only stroked."""
    return element("path", d=d, fill="none", stroke=stroke, stroke_width=width, stroke_linecap="round", **more)


def sky(top: str, bottom: str) -> str:
    """A background from *top* to *bottom*."""
    stops = element("stop", offset="0", stop_color=top) + element("stop", offset="1", stop_color=bottom)
    gradient = element("linearGradient", stops, id="sky", x1="0", y1="0", x2="0", y2="1")
    return element("defs", gradient) + rect(0, 0, WIDTH, HEIGHT, "url(#sky)")


def ridge(random: Random, base: float, height: float, fill: str) -> str:
    """A line of hills across the picture, its foot below *base*."""
    waves = [(random.uniform(0.6, 1), random.uniform(0, 6.3), 1.3 ** (4 * n) / 260) for n in range(3)]
    points = []
    for x in range(-20, WIDTH + 41, 20):
        rise = sum(share * math.sin(x * pace + turn) / (n + 1) for n, (share, turn, pace) in enumerate(waves))
        points.append(f"{x} {number(base - height * (0.55 + 0.3 * rise))}")
    return path(f"M{' L'.join(points)} V{HEIGHT} H-20 Z", fill)


def towers(
    random: Random, start: float, end: float, base: float, heights: tuple[float, float], fill: str, lit: str
) -> Iterator[str]:
    """Buildings side by side from *start* to *end*, standing on *base*, some of their windows *lit*."""
    x = start
    while x < end:
        width, height = random.choice((34, 42, 52, 64)), random.uniform(*heights)
        top = base - height
        yield rect(x, top, width, height + 2, fill)
        if random.random() < 0.35:
            yield rect(x + width / 2 - 2, top - 26, 4, 28, fill)
        columns = range(int(width // 12))
        windows = [
            f"M{number(x + 7 + 12 * column)} {number(y)}h5v7h-5z"
            for y in range(int(top) + 14, int(base) - 14, 18)
            for column in columns
            if random.random() < 0.42
        ]
        yield path("".join(windows), lit)
        x += width + random.choice((3, 6, 14))


def water(random: Random, top: float, fill: str, glint: str) -> Iterator[str]:
    """Water below *top*, with light on it."""
    yield rect(0, top, WIDTH, HEIGHT - top, fill)
    dashes = []
    for _ in range(70):
        depth = random.random() ** 1.4
        dashes.append(f"M{random.randint(-40, WIDTH)} {number(top + 10 + depth * (HEIGHT - top - 16))}")
        dashes.append(f"h{number(20 + 110 * depth * random.random())}")
    yield line("".join(dashes), glint, 3, opacity="0.45")


def trees(random: Random, start: int, end: int, base: float, size: float, fills: tuple[str, ...]) -> Iterator[str]:
    """A row of treetops."""
    for x in range(start, end, int(size * 0.8)):
        yield circle(
            x, base + random.uniform(-0.25, 0.2) * size, size * random.uniform(0.55, 0.85), random.choice(fills)
        )


def roof(x: float, y: float, half: float, rise: float, fill: str) -> str:
    """A roof whose eaves sweep up, *half* of it left and half right of *x*."""
    top = half * 0.46
    return path(
        f"M{number(x - half)} {number(y - 8)} Q{number(x - half * 0.62)} {number(y - rise * 0.2)} "
        f"{number(x - top)} {number(y - rise)} H{number(x + top)} Q{number(x + half * 0.62)} "
        f"{number(y - rise * 0.2)} {number(x + half)} {number(y - 8)} Q{number(x)} {number(y + 12)} "
        f"{number(x - half)} {number(y - 8)} Z",
        fill,
    )
