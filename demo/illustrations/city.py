"""Pictures of the city."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from .shapes import HEIGHT, WIDTH, circle, line, number, path, rect, ridge, roof, sky, towers, trees, water


def hall(random: Random) -> Iterator[str]:
    """A round hall with three roofs above a flight of steps."""
    yield sky("#f2c9a1", "#fbeedb")
    yield circle(905, 165, 62, "#f8f1df")
    yield ridge(random, 470, 290, "#d9b9a3")
    yield ridge(random, 520, 230, "#b39a92")
    yield ridge(random, 560, 150, "#8d8a8a")
    green, dark, red, wall = "#2f7463", "#24594d", "#a83a2c", "#f4e6cf"
    for side in (-1, 1):  # the wings
        for step, width in ((330, 190), (470, 120)):
            x = 600 + side * step
            yield rect(x - width / 2, 428, width, 92, wall)
            yield path("".join(f"M{number(x - width / 2 + 10 + n * 20)} 432h7v86h-7z" for n in range(width // 20)), red)
            yield roof(x, 432, width * 0.62, 46, green)
    yield rect(400, 360, 400, 160, wall)
    yield path("".join(f"M{412 + n * 24} 372h9v148h-9z" for n in range(16)), red)
    for y, half, rise in ((368, 262, 62), (306, 196, 60), (244, 128, 84)):
        yield rect(600 - half * 0.62, y - 2, half * 1.24, 22, red)
        yield roof(600, y, half, rise, green)
        yield line(f"M{600 - half + 14} {y - 6} Q600 {y + 12} {600 + half - 14} {y - 6}", dark, 5)
    yield path("M541 160 Q600 84 659 160 Z", green)
    yield rect(595, 84, 10, 40, "#d9a441")
    yield circle(600, 82, 11, "#d9a441")
    yield rect(0, 518, WIDTH, HEIGHT - 518, "#7d9272")
    for n in range(9):  # the steps widen towards us
        yield rect(395 - n * 26, 520 + n * 17, 410 + n * 52, 18, ("#efe0c8", "#e2d0b5")[n % 2])
    yield from trees(random, -20, 380, 560, 46, ("#4b6b4f", "#5c7d58", "#3f5d48"))
    yield from trees(random, 840, 1230, 560, 46, ("#4b6b4f", "#5c7d58", "#3f5d48"))
    yield from trees(random, -20, 210, 640, 70, ("#36513f", "#42624b"))
    yield from trees(random, 1030, 1240, 640, 70, ("#36513f", "#42624b"))


def bridges(random: Random) -> Iterator[str]:
    """A chain bridge and a cable-stayed bridge over one river."""
    yield sky("#7fb0bf", "#eaf0e2")
    yield ridge(random, 400, 190, "#a8c2bb")
    yield ridge(random, 440, 130, "#86a89f")
    yield from towers(random, 660, 1200, 430, (60, 190), "#5f8087", "#f6e7b4")
    for x, size in ((60, 74), (150, 96), (246, 64), (330, 86), (430, 58), (505, 78)):  # gabled houses
        yield rect(x, 430 - size, size * 0.8, size, "#c9a183")
        yield path(f"M{x - 6} {430 - size} l{number(size * 0.4 + 6)} -34 l{number(size * 0.4 + 6)} 34z", "#8f5a47")
        yield path("".join(f"M{x + 12 + n * 20} {430 - size + 20}h8v16h-8z" for n in range(int(size // 30))), "#fbeed0")
    yield from water(random, 430, "#4f8794", "#d8ebe6")
    stone, shade = "#e9dcc3", "#c8b796"
    for x in (150, 450):
        yield rect(x - 30, 268, 60, 250, stone)
        yield rect(x - 38, 256, 76, 18, shade)
        yield path(f"M{x - 14} 404 V330 Q{x} 304 {x + 14} 330 V404 Z", "#7fa3a6")
    for drop in (0, 14):
        yield line(f"M-40 {370 + drop} Q60 {370 + drop} 150 {282 + drop}", "#55606a", 4)
        yield line(f"M150 {282 + drop} Q300 {482 + drop} 450 {282 + drop}", "#55606a", 4)
        yield line(f"M450 {282 + drop} Q540 {400 + drop} 640 {396 + drop}", "#55606a", 4)
    yield line("".join(f"M{x} {number(388 - 0.0045 * (x - 300) ** 2)}V404" for x in range(180, 421, 20)), "#55606a", 2)
    yield rect(-10, 404, 660, 16, shade)
    for x in (760, 1060):
        yield path(f"M{x - 26} 560 L{x - 7} 170 H{x + 7} L{x + 26} 560 Z", "#f5f1e6")
        yield line(
            "".join(
                f"M{x} {180 + n * 16}L{x - 22 * (9 - n)} 462M{x} {180 + n * 16}L{x + 22 * (9 - n)} 462"
                for n in range(8)
            ),
            "#d6523c",
            3,
        )
    yield rect(548, 462, 662, 16, "#d6523c")
    yield path("M330 590 h190 l-30 38 h-130 z", "#b6402f")
    yield rect(378, 562, 90, 28, "#f4ecd8")
    yield path("M300 640 h260 v8 h-260z", "#3d707d", opacity="0.6")


def confluence(random: Random) -> Iterator[str]:
    """A city on a point between a green and a brown river, from above."""
    yield rect(0, 0, WIDTH, HEIGHT, "#a9855a")
    yield path("M0 0 H1200 V300 Q960 330 800 372 L0 250 Z", "#3f8d7c")
    yield path("M770 366 Q900 330 1210 296 V420 Q1000 380 770 366Z", "#6b8b6c")
    for colour, low, high in (("#5fae9b", 20, 240), ("#c3a071", 470, 640)):
        dashes = []
        for _ in range(60):
            x = random.randint(-40, 1180)
            y = random.uniform(low, high)
            dashes.append(f"M{x} {number(y + (0.06 * x if high < 300 else -0.12 * x + 60))}q30 -7 60 0")
        yield line("".join(dashes), colour, 3, opacity="0.7")
    shore, point = "#d8cfba", "M-10 170 Q250 190 450 250 Q660 300 812 368 Q650 420 440 460 Q220 500 -10 560 Z"
    yield path(point, shore, stroke="#efe8d8", stroke_width="10")
    yield path("M-10 -10 H560 Q420 40 250 60 Q110 70 -10 60Z", "#8aa37c")
    yield path("M-10 690 V650 Q300 600 560 640 Q760 670 900 690Z", "#8aa37c")
    yield path("M1210 470 Q1080 510 1040 600 Q1020 660 1030 690 H1210Z", "#8aa37c")
    yield path("M1210 40 Q1120 60 1090 130 Q1130 200 1210 210Z", "#8aa37c")
    for x in range(20, 760, 46):  # blocks with long shadows, taller towards the point
        top, bottom = 196 + 0.2 * x, 528 - 0.21 * x
        y = top + 14
        while y < bottom - 34:
            if random.random() < 0.16:
                yield circle(x + 18, y + 14, 17, random.choice(("#7f9f6f", "#6d9063")))
            else:
                size, rise = random.randint(20, 32), random.uniform(8, 16 + x / 24)
                wall, roof = random.choice((("#b9a88d", "#f4ecdd"), ("#9c8f86", "#e4ddd3"), ("#a9705a", "#d9937a")))
                yield path(
                    f"M{x} {number(y + size)} h{size} l{number(rise)} {number(rise * 0.7)} h-{size} z", "#8b7f6c",
                    opacity="0.55",
                )  # fmt: skip
                yield rect(x, y - rise, size, size + rise, wall)
                yield rect(x, y - rise, size, size * 0.7, roof)
            y += 44
    for n in range(6):  # sails of glass at the point
        x, y = 640 + n * 24, 352 - abs(n - 2.5) * 4
        yield path(
            f"M{x} {number(y + 22)} V{number(y - 66)} Q{x + 20} {number(y - 50)} {x + 19} {number(y + 22)} Z", "#3d6f8e"
        )
        yield path(f"M{x} {number(y + 22)} V{number(y - 66)} l7 6 V{number(y + 22)}z", "#8fbcd1")
    yield line("M812 368 Q930 344 1210 352", "#f1e3bd", 4, stroke_dasharray="2 16", opacity="0.9")
    for x, y, hull in ((300, 120, "#f2efe6"), (930, 250, "#f2efe6"), (620, 560, "#b6402f"), (950, 470, "#f2efe6")):
        yield path(f"M{x} {y} q50 -20 96 0 q-46 20 -96 0z", hull)
        yield rect(x + 26, y - 6, 40, 12, "#7d8f96")
        yield line(f"M{x - 12} {y} q-40 -8 -80 -14 M{x - 12} {y} q-40 8 -80 14", "#e8f0e8", 3, opacity="0.6")


def monorail(random: Random) -> Iterator[str]:
    """A monorail train that enters a tall building."""
    yield sky("#9cc4c9", "#f0efdd")
    yield ridge(random, 420, 260, "#a9c3b0")
    yield ridge(random, 520, 300, "#7fa389")
    yield from trees(random, -10, 1230, 520, 60, ("#5d8a63", "#4c7856", "#6f9a6d"))
    for x, width, top, fill in ((40, 120, 210, "#d9c9b0"), (190, 90, 280, "#c7b49a"), (1010, 150, 190, "#cdbfa9")):
        yield rect(x, top, width, 420, fill)
        yield path(
            "".join(f"M{x + 12 + c * 26} {y}h14v16h-14z" for y in range(top + 18, 590, 34) for c in range(width // 27)),
            "#7f98a0",
        )
    yield rect(560, 40, 360, 590, "#efe3cf")
    yield rect(880, 40, 40, 590, "#d6c6ab")
    windows, balconies = [], []
    for y in (*range(62, 300, 38), *range(470, 610, 38)):
        for x in range(580, 860, 48):
            windows.append(f"M{x} {y}h28v20h-28z")
            balconies.append(f"M{x - 4} {y + 22}h36v5h-36z")
    yield path("".join(windows), "#6d8a94")
    yield path("".join(balconies), "#b7795c")
    yield rect(548, 306, 384, 146, "#b5a58e")
    yield path("M548 330 H800 V452 H548Z", "#2f3a40")
    yield rect(820, 340, 96, 60, "#f0d98a")
    yield rect(548, 300, 384, 12, "#a8402f")
    yield rect(-10, 420, 830, 26, "#cfc7ba")
    yield rect(-10, 440, 830, 10, "#aaa194")
    for x in (90, 330, 500):
        yield path(f"M{x - 42} 446 H{x + 42} L{x + 18} 474 V675 H{x - 18} V474 Z", "#bdb4a6")
    for n in range(4):  # the last car is already inside
        x = 150 + n * 150
        yield rect(x, 336, 144, 92, "#f8f7f2" if n < 3 else "#8f9694", rx=12)
        yield rect(x, 396, 144, 12, "#2f8f5b" if n < 3 else "#3d5a4b")
        yield path("".join(f"M{x + 14 + m * 32} 350h22v28h-22z" for m in range(4)), "#38505c" if n < 3 else "#f3dfa0")
    yield path("M150 336 h18 v92 h-42 q-4 -70 24 -92z", "#f8f7f2")
    yield path("M134 384 q4 -32 20 -40 v40z", "#38505c")
    yield from trees(random, -10, 560, 650, 56, ("#3f6b4b", "#4d7a55", "#355c41"))
    yield from trees(random, 900, 1240, 640, 58, ("#3f6b4b", "#4d7a55", "#355c41"))
    yield rect(560, 610, 340, 66, "#8f826f")
    yield path("".join(f"M{580 + n * 66} 622h44v52h-44z" for n in range(5)), "#f0d98a")


def cableway(random: Random) -> Iterator[str]:
    """A cable car above a river at dusk."""
    yield sky("#2c3a5c", "#e8936a")
    yield circle(800, 250, 58, "#fbd7a0")
    yield ridge(random, 440, 220, "#7a5b74")
    yield ridge(random, 470, 130, "#5d4a68")
    yield from towers(random, -10, 1200, 470, (40, 150), "#46405f", "#f2b872")
    yield from towers(random, 20, 420, 486, (90, 300), "#2f3253", "#ffd98c")
    yield from towers(random, 900, 1200, 486, (90, 260), "#2f3253", "#ffd98c")
    yield from water(random, 484, "#3b4468", "#f0a877")
    yield line("M764 500h72 M748 522h100 M776 546h60 M756 572h84 M782 600h40", "#fbd7a0", 5, opacity="0.7")
    yield line("M-20 96 Q620 250 1220 60", "#1d2238", 5)
    yield line("M-20 118 Q620 272 1220 82", "#1d2238", 3)
    yield line("M560 172 H640 M600 172 V236 M600 236 L540 262 M600 236 L660 262", "#1d2238", 9)
    yield circle(572, 168, 11, "#1d2238")
    yield circle(628, 168, 11, "#1d2238")
    yield rect(478, 258, 244, 156, "#c8392b", rx=22)
    yield rect(478, 350, 244, 18, "#f6e7c9")
    yield path("M498 282h62v56h-62z M570 282h60v56h-60z M640 282h62v56h-62z", "#ffe3a3")
    for x in (520, 546, 596, 618, 664, 684):
        yield circle(x, 312, 9, "#4a3440")
        yield path(f"M{x - 12} 338 q0 -20 12 -20 q12 0 12 20z", "#4a3440")
    yield rect(500, 414, 200, 8, "#1d2238")
    yield path("M170 560 h230 l-34 42 h-166z", "#1d2238")
    yield rect(220, 526, 130, 34, "#2c3354")
    yield path("".join(f"M{230 + n * 20} 536h10v12h-10z" for n in range(6)), "#ffd98c")
