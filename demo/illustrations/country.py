"""Pictures of the country around it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from .shapes import HEIGHT, WIDTH, circle, line, number, path, rect, ridge, sky, trees


def railway(random: Random) -> Iterator[str]:
    """A goods train with containers before green hills."""
    yield sky("#8fbfd9", "#f6f2da")
    yield circle(250, 150, 54, "#fff6d8")
    for x, y in ((520, 130), (860, 90), (1040, 170)):
        yield path(f"M{x} {y} h130 q20 -34 -24 -34 q-14 -34 -50 -18 q-50 -14 -56 52z", "#ffffff", opacity="0.8")
    yield ridge(random, 430, 240, "#9dbb95")
    yield ridge(random, 470, 170, "#759e78")
    yield ridge(random, 505, 90, "#5a8763")
    yield rect(0, 500, WIDTH, 180, "#d6c27a")
    for n in range(9):
        yield path(f"M{n * 150 - 60} 675 L{n * 118 + 120} 520 h40 L{n * 150 + 10} 675z", "#c9b264")
    yield rect(0, 496, WIDTH, 12, "#7d6a55")
    yield line("M0 492H1200", "#55504c", 5)
    colours = ("#c8452f", "#2c6f8f", "#e0a33b", "#3f7f5d", "#7a4a6d")
    for n in range(6):
        x = 330 + n * 148
        yield rect(x, 462, 140, 12, "#4a4643")
        yield rect(x + 4, 392, 132, 70, colours[n % 5])
        yield line("".join(f"M{x + 16 + m * 15} 400v54" for m in range(8)), "#000000", 2, opacity="0.18")
        for wheel in (24, 48, 92, 116):
            yield circle(x + wheel, 482, 10, "#2f2c2b")
    yield path("M70 474 V420 Q72 384 120 376 H316 V474 Z", "#b8322a")
    yield path("M84 416 Q88 392 122 388 H150 V420 H84 Z", "#dcebf0")
    yield rect(70, 440, 246, 10, "#f3d36b")
    for x in (182, 222, 262):
        yield rect(x, 394, 24, 26, "#dcebf0")
    for x in (100, 130, 240, 270):
        yield circle(x, 482, 11, "#2f2c2b")
    yield from trees(random, -10, 1230, 690, 44, ("#48744f", "#3b6346", "#5b8a5c"))


def cliff(random: Random) -> Iterator[str]:
    """A cliff with carved niches."""
    yield sky("#a6c6c4", "#f3ecd6")
    yield ridge(random, 220, 170, "#a9bfa6")
    yield path(f"M-10 150 Q260 110 560 128 T1210 120 V{HEIGHT} H-10Z", "#b9785a")
    for y, fill in ((236, "#a96a4f"), (372, "#b27053"), (500, "#9c6048")):
        yield path(
            f"M-10 {y} Q300 {y - 22} 620 {y + 6} T1210 {y - 8} v26 Q900 {y + 30} 620 {y + 34} T-10 {y + 30}Z", fill
        )
    for _ in range(120):
        x, y = random.randint(0, 1190), random.randint(160, 560)
        yield line(
            f"M{x} {y}q{random.randint(10, 40)} {random.randint(-4, 4)} {random.randint(40, 70)} 0",
            "#8a523d",
            2,
            opacity="0.4",
        )
    for row, (base, size) in enumerate(((340, 78), (478, 92))):
        left = 60.0 + row * 40
        while left < 1130:
            wide = size * random.choice((0.8, 0.9, 1.2))
            middle, top = left + wide / 2, base - size * 1.12
            yield path(
                f"M{number(left)} {base} V{number(top + wide / 2)} A{number(wide / 2)} {number(wide / 2)} 0 0 1 "
                f"{number(left + wide)} {number(top + wide / 2)} V{base}Z",
                "#6b3c2d",
            )
            for n, figure in enumerate((0.0, -0.3, 0.3) if wide > size else (0.0,)):
                fx, tall = middle + figure * wide, size * (0.72 if n == 0 else 0.5)
                stone = random.choice(("#d9ab86", "#cf9d7c", "#e2b894"))
                yield circle(fx, base - tall, size * 0.2, "#9a6a4f")
                yield circle(fx, base - tall, size * 0.115, stone)
                yield path(
                    f"M{number(fx - size * 0.2)} {base - 6} Q{number(fx - size * 0.2)} {number(base - tall * 0.82)} "
                    f"{number(fx)} {number(base - tall * 0.84)} Q{number(fx + size * 0.2)} "
                    f"{number(base - tall * 0.82)} {number(fx + size * 0.2)} {base - 6}Z",
                    stone,
                )
            yield rect(left - 8, base - 5, wide + 16, 10, "#d09a76")
            left += wide + random.choice((26, 40, 60))
    yield path("M-10 168 Q300 120 600 150 T1210 138 V100 Q800 70 500 96 T-10 108Z", "#5d7d54")
    yield from trees(random, -10, 1230, 106, 58, ("#4f7550", "#5f8659", "#3f6345"))
    yield rect(0, 586, WIDTH, 100, "#c9b48d")
    yield rect(0, 580, WIDTH, 10, "#a58e68")
    yield line("M0 548 H1200 " + "".join(f"M{x} 548V584" for x in range(20, 1200, 60)), "#7d5a42", 6)
    coats = ((210, "#c8452f"), (246, "#35577d"), (560, "#e0a33b"), (880, "#3f7f5d"), (918, "#7a4a6d"), (950, "#c8452f"))
    for x, coat in coats:
        yield circle(x, 574, 11, "#5a3a2a")
        yield path(f"M{x - 15} 648 Q{x - 17} 586 {x} 586 Q{x + 17} 586 {x + 15} 648Z", coat)
    yield from trees(random, -20, 130, 660, 60, ("#3f6345", "#4f7550"))
    yield from trees(random, 1090, 1250, 660, 60, ("#3f6345", "#4f7550"))
