"""Pictures of what stands on a table."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random

from .shapes import HEIGHT, WIDTH, circle, element, line, number, path, rect, sky


def sake(random: Random) -> Iterator[str]:
    """A sake bottle and two cups under a branch in blossom."""
    yield sky("#f4dfdc", "#fbf4ea")
    yield circle(850, 270, 190, "#c8402f")
    yield rect(0, 540, WIDTH, 140, "#7d4b34")
    for y in (566, 604, 644):
        yield line(f"M0 {y} Q400 {y - 8} 700 {y} T1200 {y}", "#6a3d2a", 4)
    yield element("ellipse", cx=520, cy=566, rx=330, ry=22, fill="#5b3323", opacity="0.55")
    glaze, blue = "#eef0ec", "#35577d"
    yield path(
        "M446 560 Q396 560 396 500 Q396 400 448 350 Q466 330 462 288 Q458 270 446 262 H558 Q546 270 542 288 "
        "Q538 330 556 350 Q608 400 608 500 Q608 560 558 560 Z",
        glaze,
    )
    yield path("M570 372 Q608 420 608 500 Q608 560 558 560 H532 Q590 540 584 470 Q580 410 556 366Z", "#d3d8d6")
    for y in (430, 452, 474, 496):  # waves on the glaze, as on seigaiha cloth
        yield line("".join(f"M{x} {y} a22 22 0 0 1 44 0" for x in range(414 + (y // 22 % 2) * 22, 560, 44)), blue, 4)
    yield line("M450 276H554", blue, 5)
    for x in (250, 716):
        yield path(f"M{x - 62} 490 H{x + 62} Q{x + 56} 552 {x + 24} 560 H{x - 24} Q{x - 56} 552 {x - 62} 490Z", glaze)
        yield element("ellipse", cx=x, cy=490, rx=62, ry=13, fill="#cfd9da")
        yield element("ellipse", cx=x, cy=492, rx=48, ry=8, fill="#f8f6e6")
        yield line(f"M{x - 54} 520 Q{x} 536 {x + 54} 520", blue, 4)
    yield line("M-20 60 Q200 110 420 90 T820 130", "#5d4037", 14)
    yield line("M300 100 Q380 150 470 160 M560 100 Q640 60 700 40 M130 90 Q170 150 240 170", "#5d4037", 7)
    for _ in range(46):
        t = random.random()
        left, top = 20 + 790 * t + random.uniform(-26, 26), 92 + 30 * math.sin(5 * t) + random.uniform(-46, 70)
        for n in range(5):
            turn = n * 1.2566 + t
            yield circle(
                left + 11 * math.cos(turn), top + 11 * math.sin(turn), 10, random.choice(("#f3b8c4", "#f7cdd5"))
            )
        yield circle(left, top, 5, "#c4546b")
    for _ in range(16):
        yield element(
            "ellipse", cx=random.uniform(60, 1140), cy=random.uniform(220, 620), rx=9, ry=5, fill="#f3b8c4",
            opacity="0.85",
        )  # fmt: skip


def hotpot(random: Random) -> Iterator[str]:
    """A hotpot with nine squares, from above."""
    yield rect(0, 0, WIDTH, HEIGHT, "#5a3a2a")
    for y in range(0, HEIGHT, 84):
        yield rect(0, y, WIDTH, 80, random.choice(("#6b4631", "#64412e", "#704b35")))
    x0, y0 = 600, 338
    yield element("ellipse", cx=x0 + 14, cy=y0 + 18, rx=310, ry=308, fill="#2f1d14", opacity="0.5")
    yield circle(x0, y0, 300, "#b58a4e")
    yield circle(x0, y0, 284, "#8e6a38")
    yield circle(x0, y0, 270, "#b9301c")
    yield circle(x0, y0, 262, "#c93a1f")
    for _ in range(150):  # oil, chillies, peppercorns
        turn, far = random.uniform(0, 6.283), 252 * math.sqrt(random.random())
        left, top = x0 + far * math.cos(turn), y0 + far * math.sin(turn)
        kind = random.random()
        if kind < 0.4:
            yield circle(left, top, random.uniform(5, 14), "#e4672f", opacity="0.75")
        elif kind < 0.75:
            tilt = random.randint(0, 180)
            yield path(
                f"M{number(left - 20)} {number(top)} q18 -15 40 -2 q-22 11 -40 2z",
                random.choice(("#7f1410", "#96190f")),
                transform=f"rotate({tilt} {number(left)} {number(top)})",
            )  # fmt: skip
        else:
            yield circle(left, top, 4, "#4d2213")
    for _ in range(26):  # the middle boils
        yield circle(
            x0 + random.uniform(-76, 76), y0 + random.uniform(-76, 76), random.uniform(7, 17), "#f08a4b", opacity="0.8"
        )
    for x, y in ((-178, -150), (-150, -176), (178, 150), (148, 172), (170, -160)):
        yield circle(x0 + x, y0 + y, 22, "#f0dfb6")
    for x, y in ((0, -182), (24, -168), (-186, 6), (190, 12)):
        yield path(f"M{x0 + x - 26} {y0 + y} q10 -22 28 -12 q26 -4 22 14 q-18 18 -50 -2z", "#8a5c46")
    for offset in (-92, 92):
        reach = math.sqrt(272**2 - 92**2)
        yield line(f"M{x0 + offset} {number(y0 - reach)}V{number(y0 + reach)}", "#e3c27f", 15)
        yield line(f"M{number(x0 - reach)} {y0 + offset}H{number(x0 + reach)}", "#e3c27f", 15)
        yield line(f"M{x0 + offset + 4} {number(y0 - reach)}V{number(y0 + reach)}", "#b78e4c", 4)
        yield line(f"M{number(x0 - reach)} {y0 + offset + 4}H{number(x0 + reach)}", "#b78e4c", 4)
    dishes = ((150, 150, "#7fa05a"), (140, 480, "#f1ead6"), (1050, 150, "#c98a78"), (1060, 500, "#d9a441"))
    for x, y, food in dishes:
        yield circle(x + 8, y + 10, 112, "#2f1d14", opacity="0.4")
        yield circle(x, y, 110, "#f2efe7")
        yield circle(x, y, 92, "#dfe5e4")
        yield element("circle", cx=x, cy=y, r=101, fill="none", stroke="#35577d", stroke_width=4)
        for _ in range(22):
            turn, far = random.uniform(0, 6.283), 62 * math.sqrt(random.random())
            yield element(
                "ellipse", cx=x + far * math.cos(turn), cy=y + far * math.sin(turn), rx=24, ry=13, fill=food,
                stroke="#00000022", stroke_width=2, transform=f"rotate({random.randint(0, 180)} {x} {y})",
            )  # fmt: skip
    yield line("M262 650 L420 560 M284 664 L436 574", "#2a1912", 9)
