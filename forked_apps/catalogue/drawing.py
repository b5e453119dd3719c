"""Drawings that stand for products without photographs, one style for the whole shop.

A drawing is made of shapes on a square of 100 by 100 units, at three times its size, and shrunk:
that is the antialiasing. Its palette varies by series or brand; the brand is set as text. The same
(drawing, brand, palette) is one file, shared by all products that it stands for.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from forked_apps.catalogue.kinds import ANYTHING

#: Changes with every change of what is drawn, so that old files are not taken for new ones.
STYLE: Final = 1
SIZE: Final = 1200
_OVERSAMPLING: Final = 2
_WEBP_QUALITY: Final = 86


@dataclass(frozen=True, slots=True)
class Palette:
    """A calm room: wall and floor, the piece in three tones, wood, one accent."""

    wall: str
    floor: str
    main: str
    dark: str
    light: str
    accent: str
    wood: str = "#C79A6B"
    wood_dark: str = "#A67C52"
    wood_light: str = "#DDB98F"
    ink: str = "#33413B"
    paper: str = "#FFFFFF"


PALETTES: Final = (
    Palette("#EEF3EE", "#DCE7DE", "#6F9A86", "#4F7665", "#9CC0AE", "#E0A458"),
    Palette(
        "#F6F1E8", "#EADFCB", "#C28E5F", "#976A42", "#E0BC94", "#4F8A8B", "#B98A5B", "#94693F", "#D6AF84"
    ),
    Palette("#EDF1F7", "#D9E2EE", "#5F80A9", "#425F86", "#95B1D2", "#E8A65B"),
    Palette("#F8EFEA", "#EFDBD1", "#C4735B", "#9B5340", "#E2A48F", "#5B8C85"),
    Palette("#F2EEF5", "#E2D8E8", "#86698F", "#634B6C", "#B59CBD", "#D9A05B"),
    Palette("#E9F3F4", "#D1E4E6", "#418C95", "#2B6870", "#86BBC2", "#E59C6B"),
)


#: Palettes that one drawing comes in; more would be more files for the same goods.
_VARIANTS: Final = 3


def palette_of(*, drawing: str, series: str) -> int:
    """The palette of a series (or brand) for one drawing: always the same one."""
    variant = zlib.crc32(series.lower().encode()) % _VARIANTS
    return (zlib.crc32(drawing.encode()) + variant * len(PALETTES) // _VARIANTS) % len(PALETTES)


Box = tuple[float, float, float, float]


class Sketch:
    """Shapes in units of a hundredth of the square."""

    def __init__(self, palette: Palette) -> None:
        self.p = palette
        self._scale = SIZE * _OVERSAMPLING / 100
        self._image = Image.new("RGB", (SIZE * _OVERSAMPLING,) * 2, palette.wall)
        self._draw = ImageDraw.Draw(self._image)

    def _at(self, *values: float) -> list[float]:
        return [value * self._scale for value in values]

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: str, r: float = 0.8) -> None:
        radius = min(r, abs(x1 - x0) / 2, abs(y1 - y0) / 2) * self._scale
        self._draw.rounded_rectangle(self._at(x0, y0, x1, y1), radius, fill=fill)

    def boxes(self, fill: str, *boxes: Box, r: float = 0.8) -> None:
        for box in boxes:
            self.box(*box, fill, r)

    def oval(self, x0: float, y0: float, x1: float, y1: float, fill: str) -> None:
        self._draw.ellipse(self._at(x0, y0, x1, y1), fill=fill)

    def shape(self, fill: str, *points: tuple[float, float]) -> None:
        self._draw.polygon([(x * self._scale, y * self._scale) for x, y in points], fill=fill)

    def line(self, fill: str, width: float, *points: tuple[float, float]) -> None:
        self._draw.line(
            [(x * self._scale, y * self._scale) for x, y in points],
            fill=fill, width=round(width * self._scale), joint="curve",
        )  # fmt: skip
        for x, y in (points[0], points[-1]):
            self.oval(x - width / 2, y - width / 2, x + width / 2, y + width / 2, fill)

    def ring(self, x0: float, y0: float, x1: float, y1: float, fill: str, width: float) -> None:
        self._draw.ellipse(self._at(x0, y0, x1, y1), outline=fill, width=round(width * self._scale))

    def arc(
        self, x0: float, y0: float, x1: float, y1: float, start: float, end: float, fill: str, width: float
    ) -> None:
        self._draw.arc(self._at(x0, y0, x1, y1), start, end, fill=fill, width=round(width * self._scale))

    def pie(self, x0: float, y0: float, x1: float, y1: float, start: float, end: float, fill: str) -> None:
        self._draw.pieslice(self._at(x0, y0, x1, y1), start, end, fill=fill)

    def mix(self, first: str, second: str, share: float) -> str:
        """A colour between two, ``share`` of it the second."""
        one, two = (tuple(int(code[i : i + 2], 16) for i in (1, 3, 5)) for code in (first, second))
        return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in zip(one, two, strict=True))

    # The room ------------------------------------------------------------------------------
    def room(self) -> None:
        self.box(0, 70, 100, 101, self.p.floor, 0)
        halo = self.mix(self.p.wall, self.p.paper, 0.6)
        self.oval(17, 9, 83, 75, halo)
        self.box(0, 70, 100, 101, self.p.floor, 0)

    def shade(self, x0: float, x1: float, y: float = 78, depth: float = 3.2) -> None:
        self.oval(x0, y - depth / 2, x1, y + depth / 2, self.mix(self.p.floor, self.p.ink, 0.16))

    def plant(self, x: float, y: float, size: float = 1) -> None:
        for dx, dy in ((-3.4, -7), (0, -9.4), (3.4, -7), (-1.8, -8.6), (1.8, -8.6)):
            self.line(self.p.dark, 1.1 * size, (x, y - 3 * size), (x + dx * size, y + dy * size))
            self.oval(
                x + (dx - 1.5) * size, y + (dy - 1.6) * size, x + (dx + 1.5) * size, y + (dy + 1.9) * size,
                self.mix(self.p.main, "#4E8B5B", 0.55),
            )  # fmt: skip
        self.shape(
            self.p.accent, (x - 2.4 * size, y - 4 * size), (x + 2.4 * size, y - 4 * size),
            (x + 1.7 * size, y),
            (x - 1.7 * size, y),
        )  # fmt: skip

    def brand(self, name: str) -> None:
        if not name:
            return
        text = " ".join(name.upper()) if len(name) <= 12 else name.upper()
        font = _font(round((3.9 if len(name) <= 12 else 3) * self._scale))
        left, top, right, bottom = font.getbbox(text)
        width, height = (right - left) / self._scale, (bottom - top) / self._scale
        middle = 90.6
        self.box(
            50 - width / 2 - 4, middle - 3.7, 50 + width / 2 + 4, middle + 3.7,
            self.mix(self.p.floor, self.p.paper, 0.72), 3.7,
        )  # fmt: skip
        self._draw.text(
            ((50 - width / 2) * self._scale - left, (middle - height / 2) * self._scale - top), text,
            font=font, fill=self.p.ink,
        )  # fmt: skip

    def to_webp(self) -> bytes:
        picture = self._image.reduce(_OVERSAMPLING)
        buffer = io.BytesIO()
        picture.save(buffer, "WEBP", quality=_WEBP_QUALITY, method=2)
        return buffer.getvalue()


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def draw(*, drawing: str, brand: str, palette: int) -> bytes:
    """The drawing as a WebP file of 1200 by 1200 pixels."""
    sketch = Sketch(PALETTES[palette])
    sketch.room()
    DRAWINGS.get(drawing, DRAWINGS[ANYTHING])(sketch)
    sketch.brand(brand)
    return sketch.to_webp()


Drawer = Callable[[Sketch], None]
DRAWINGS: Final[dict[str, Drawer]] = {}


def _drawing(function: Drawer) -> Drawer:
    DRAWINGS[function.__name__.removeprefix("_")] = function
    return function


# Tables -----------------------------------------------------------------------------------


def _legs(s: Sketch, *xs: float, top: float, bottom: float = 78, width: float = 2.2, fill: str = "") -> None:
    for x in xs:
        s.box(x - width / 2, top, x + width / 2, bottom, fill or s.p.wood_dark, 0.6)


@_drawing
def _table(s: Sketch) -> None:
    s.shade(16, 84)
    s.boxes(s.p.wood_dark, (24, 49, 26.6, 74), (73.4, 49, 76, 74))
    _legs(s, 19.5, 80.5, top=49, width=3, fill=s.p.wood)
    s.box(17, 49, 83, 52.5, s.p.wood_dark)
    s.box(13, 45.4, 87, 49.6, s.p.wood_light, 1.2)
    s.box(13, 48, 87, 49.6, s.p.wood, 0.8)
    s.box(36, 43.8, 58, 45.4, s.p.light, 0.8)
    s.plant(64, 45.4, 1.1)


@_drawing
def _dining_set(s: Sketch) -> None:
    s.shade(8, 92)
    for x, turn in ((13, 1), (87, -1)):
        s.boxes(s.p.dark, (x - 1.2, 34, x + 1.2, 78), (x + turn * 13 - 1.2, 57, x + turn * 13 + 1.2, 78), r=1)
        low, high = sorted((x - turn * 1.4, x + turn * 15))
        s.box(low, 56, high, 59.4, s.p.main, 1.2)
        s.box(min(x - 2, x + 2), 32, max(x - 2, x + 2), 48, s.p.main, 1.6)
    _legs(s, 31, 69, top=50, width=3, fill=s.p.wood)
    s.box(24, 46, 76, 50.4, s.p.wood_light, 1.2)
    s.box(24, 48.8, 76, 50.4, s.p.wood, 0.8)
    s.box(45.6, 20, 54.4, 21, s.p.ink, 0.4)
    s.box(49.7, 9, 50.3, 21, s.p.ink, 0.2)
    s.pie(42, 17, 58, 33, 180, 360, s.p.accent)
    s.plant(50, 46, 1)


@_drawing
def _side_table(s: Sketch) -> None:
    s.shade(27, 73)
    for points in (((36, 56), (31, 78)), ((64, 56), (69, 78)), ((50, 56), (50, 76))):
        s.line(s.p.wood_dark, 2.2, *points)
    s.oval(26, 50, 74, 60, s.p.wood)
    s.oval(26, 48.4, 74, 58, s.p.wood_light)
    s.boxes(s.p.main, (38, 49.6, 53, 51.4), r=0.5)
    s.boxes(s.p.accent, (39.6, 47.9, 52, 49.6), r=0.5)
    s.plant(62, 52.6, 0.95)


@_drawing
def _nest_tables(s: Sketch) -> None:
    s.shade(16, 84)
    for x0, x1, top, fill, edge in (
        (18, 58, 44, s.p.wood_light, s.p.wood), (38, 72, 54, s.p.light, s.p.main),
        (56, 83, 63, s.p.wood, s.p.wood_dark),
    ):  # fmt: skip
        _legs(s, x0 + 4, x1 - 4, top=top + 2, width=2, fill=edge)
        s.box(x0, top, x1, top + 3.4, fill, 1.2)
        s.box(x0, top + 2.2, x1, top + 3.4, edge, 0.6)
    s.plant(30, 44, 1)


@_drawing
def _bar_table(s: Sketch) -> None:
    s.shade(30, 70)
    s.box(47.8, 36, 52.2, 76, s.p.dark, 1)
    s.oval(34, 73.6, 66, 79.4, s.p.dark)
    s.oval(34, 72.6, 66, 77.8, s.p.main)
    s.oval(24, 31.4, 76, 39.6, s.p.wood)
    s.oval(24, 30, 76, 38, s.p.wood_light)
    s.box(56, 24, 60, 33, s.mix(s.p.paper, s.p.light, 0.35), 1)
    s.plant(42, 33.6, 0.9)


def _one_bar_stool(s: Sketch, x: float, top: float, back: bool) -> None:
    for dx, end in ((-5, -8), (5, 8)):
        s.line(s.p.wood_dark, 1.9, (x + dx, top + 3), (x + end, 78))
    s.box(x - 7, top + 19, x + 7, top + 20.6, s.p.wood, 0.6)
    if back:
        s.box(x - 7.6, top - 18, x + 7.6, top - 6, s.p.main, 3)
        s.boxes(s.p.wood_dark, (x - 5, top - 8, x - 3.6, top + 1), (x + 3.6, top - 8, x + 5, top + 1))
    s.box(x - 9, top - 0.6, x + 9, top + 4, s.p.main, 2)
    s.box(x - 9, top - 0.6, x + 9, top + 1.6, s.p.light, 1.2)


@_drawing
def _bar_stool(s: Sketch) -> None:
    s.shade(36, 64)
    _one_bar_stool(s, 50, 46, back=True)


@_drawing
def _bar_set(s: Sketch) -> None:
    s.shade(10, 90)
    _legs(s, 36, 64, top=40, width=2.6, fill=s.p.wood)
    s.box(30, 36, 70, 40.4, s.p.wood_light, 1.2)
    s.box(30, 38.8, 70, 40.4, s.p.wood, 0.8)
    _one_bar_stool(s, 18, 52, back=False)
    _one_bar_stool(s, 82, 52, back=False)
    s.plant(50, 36, 1)


@_drawing
def _console(s: Sketch) -> None:
    s.shade(12, 88)
    _legs(s, 19, 81, top=68, width=2.2)
    s.box(13, 44, 87, 70, s.p.main, 1.4)
    s.box(11, 42, 89, 45.6, s.p.wood_light, 1)
    for x in (15.4, 39.2, 63):
        s.box(x, 48, x + 21.6, 67.4, s.p.light, 0.9)
        s.oval(x + 9.9, 56.8, x + 11.7, 58.6, s.p.dark)
    s.plant(26, 42, 1.1)
    s.oval(60, 19, 78, 37, s.p.paper)
    s.ring(60, 19, 78, 37, s.p.wood, 1.4)


@_drawing
def _desk(s: Sketch) -> None:
    s.shade(10, 90)
    _legs(s, 17, top=52, width=2.6, fill=s.p.dark)
    s.box(62, 51, 86, 76.8, s.p.main, 1)
    for y in (53.4, 61, 68.6):
        s.box(64, y, 84, y + 6.4, s.p.light, 0.7)
        s.box(71.5, y + 2.6, 76.5, y + 3.7, s.p.dark, 0.5)
    s.box(11, 47.6, 89, 51.8, s.p.wood_light, 1.1)
    s.box(11, 50.4, 89, 51.8, s.p.wood, 0.7)
    s.box(28, 27, 56, 43, s.p.ink, 1.2)
    s.box(29.2, 28.2, 54.8, 41.8, s.mix(s.p.light, s.p.paper, 0.55), 0.6)
    s.boxes(s.p.ink, (40.6, 43, 43.4, 47), (36, 46.4, 48, 47.6), r=0.4)
    s.line(s.p.accent, 1.2, (75, 47), (80, 37), (73, 30))
    s.pie(66, 26, 78, 38, 150, 330, s.p.accent)


@_drawing
def _dressing_table(s: Sketch) -> None:
    s.shade(20, 80)
    s.oval(32, 10, 68, 46, s.p.wood_light)
    s.oval(34.4, 12.4, 65.6, 43.6, s.mix(s.p.paper, s.p.light, 0.35))
    s.line(s.p.paper, 1.4, (42, 32), (54, 18))
    s.line(s.p.paper, 1.1, (47, 34), (58, 21))
    _legs(s, 24, 76, top=56, width=2.4)
    s.box(19, 46, 81, 58, s.p.main, 1.2)
    for x in (21.4, 51):
        s.box(x, 48.6, x + 27.6, 56, s.p.light, 0.8)
        s.oval(x + 12.8, 51.3, x + 14.8, 53.3, s.p.dark)
    s.box(17, 44, 83, 47, s.p.wood_light, 1)
    s.box(40, 66, 60, 70, s.p.accent, 1.6)
    _legs(s, 43, 57, top=70, width=1.8)


@_drawing
def _changing_table(s: Sketch) -> None:
    s.shade(20, 80)
    s.boxes(s.p.wood, (20, 38, 23.4, 78), (76.6, 38, 80, 78))
    for y in (56, 72):
        s.box(20, y, 80, y + 2.6, s.p.wood_light, 0.6)
    s.boxes(s.p.light, (27, 60.6, 44, 72), (56, 60.6, 73, 72), r=1.4)
    s.boxes(s.p.main, (32, 63, 39, 64.4), (61, 63, 68, 64.4))
    s.box(18, 42, 82, 46, s.p.wood_light, 1)
    s.box(23, 36, 77, 42.6, s.p.main, 3)
    s.box(23, 36, 77, 39, s.p.light, 1.5)
    for x, fill in ((40, s.p.accent), (50, s.p.main), (60, s.p.light)):
        s.line(s.p.ink, 0.4, (x, 12), (x, 20))
        s.oval(x - 2.4, 19, x + 2.4, 23.8, fill)
    s.box(38, 11.4, 62, 12.4, s.p.wood, 0.5)


# Seats ------------------------------------------------------------------------------------


@_drawing
def _chair(s: Sketch) -> None:
    s.shade(30, 70)
    s.boxes(s.p.wood_dark, (33, 24, 35.6, 78), (64.4, 24, 67, 78), r=1)
    s.line(s.p.wood_dark, 2.4, (35, 58), (33.6, 78))
    s.line(s.p.wood_dark, 2.4, (65, 58), (66.4, 78))
    s.box(32.4, 23, 67.6, 41, s.p.main, 3)
    s.box(35, 25.4, 65, 33, s.p.light, 2)
    s.box(30, 53, 70, 59.6, s.p.main, 2.4)
    s.box(30, 53, 70, 56, s.p.light, 1.6)
    s.box(36, 67, 64, 68.6, s.p.wood, 0.6)


@_drawing
def _armchair(s: Sketch) -> None:
    s.shade(20, 80)
    _legs(s, 27, 73, top=70, width=2.6)
    s.box(27, 27, 73, 66, s.p.main, 6)
    s.box(32, 32, 68, 56, s.p.light, 4)
    s.box(30, 54, 70, 66, s.mix(s.p.light, s.p.main, 0.4), 3)
    s.boxes(s.p.dark, (20, 45, 31, 72.4), (69, 45, 80, 72.4), r=4)
    s.box(26, 65, 74, 72.4, s.p.dark, 1.6)
    s.box(42, 39, 58, 54, s.p.accent, 3)


@_drawing
def _office_chair(s: Sketch) -> None:
    s.shade(30, 70, 79)
    for x, y in ((33, 75), (67, 75), (42, 77.4), (58, 77.4)):
        s.line(s.p.ink, 2, (50, 70), (x, y))
        s.oval(x - 1.9, y - 0.8, x + 1.9, y + 3, s.p.ink)
    s.box(48.4, 56, 51.6, 71, s.p.ink, 0.8)
    s.box(35, 19, 65, 48, s.p.main, 6)
    s.box(39, 23, 61, 41, s.p.light, 4)
    s.box(48.6, 46, 51.4, 55, s.p.ink, 0.6)
    s.box(32, 52, 68, 59, s.p.main, 3)
    s.box(32, 52, 68, 55, s.p.light, 1.6)
    for x, inner in ((29, 33), (71, 67)):
        s.line(s.p.ink, 1.8, (inner, 55), (x, 52), (x, 45))
        s.box(min(x - 3, x + 3), 42.6, max(x - 3, x + 3), 45.4, s.p.ink, 1.2)


@_drawing
def _highchair(s: Sketch) -> None:
    s.shade(30, 70)
    for top, end in (((40, 50), (31, 78)), ((60, 50), (69, 78))):
        s.line(s.p.wood, 2.6, top, end)
    s.box(35, 64, 65, 66, s.p.wood_dark, 0.6)
    s.box(37, 20, 63, 46, s.p.main, 5)
    s.box(41, 24, 59, 40, s.p.light, 3)
    s.box(35, 46, 65, 53, s.p.main, 2.4)
    s.box(28, 41, 72, 45.4, s.p.paper, 2)
    s.box(28, 44, 72, 45.4, s.p.light, 0.7)
    s.oval(42, 38.4, 47, 41.6, s.p.accent)


@_drawing
def _stool(s: Sketch) -> None:
    s.shade(30, 70)
    for top, end in (((38, 52), (33, 78)), ((62, 52), (67, 78)), ((50, 52), (50, 76))):
        s.line(s.p.wood_dark, 2.6, top, end)
    s.box(37, 65, 63, 66.8, s.p.wood, 0.6)
    s.oval(28, 46.5, 72, 56, s.p.dark)
    s.box(28, 46, 72, 51.6, s.p.main, 2)
    s.oval(28, 41.6, 72, 51, s.p.light)


@_drawing
def _footstool(s: Sketch) -> None:
    s.shade(22, 78)
    _legs(s, 30, 70, top=72, width=3)
    s.box(23, 52, 77, 74, s.p.main, 5)
    s.box(23, 50, 77, 60, s.p.light, 4)
    for x in (36.5, 50, 63.5):
        s.oval(x - 1, 53.8, x + 1, 55.8, s.p.main)
    s.box(23, 59.4, 77, 60.6, s.p.dark, 0.4)


@_drawing
def _stepladder(s: Sketch) -> None:
    s.shade(26, 74)
    s.line(s.p.wood_dark, 2.6, (58, 32), (70, 77))
    s.line(s.p.wood, 3, (42, 32), (30, 77))
    s.line(s.p.wood, 3, (58, 32), (64, 77))
    for y, x0, x1 in ((44, 37, 62), (56, 34, 64), (67, 31, 66)):
        s.box(x0, y, x1, y + 3, s.p.main, 0.8)
    s.box(36, 29, 64, 33, s.p.light, 1.2)


@_drawing
def _bench(s: Sketch) -> None:
    s.shade(10, 90)
    s.boxes(s.p.wood_dark, (17, 58, 20, 78), (80, 58, 83, 78), (24, 60, 26, 75), (74, 60, 76, 75))
    s.box(11, 55, 89, 60, s.p.wood_light, 1.4)
    s.box(11, 58.4, 89, 60, s.p.wood, 0.7)
    s.box(14, 50, 86, 55.6, s.p.main, 2)
    s.box(14, 50, 86, 52.6, s.p.light, 1.3)
    s.boxes(s.p.accent, (20, 38, 34, 51), r=3)
    s.boxes(s.p.light, (31, 41, 43, 51), r=3)


# Sofas and beds ---------------------------------------------------------------------------


@_drawing
def _sofa(s: Sketch) -> None:
    s.shade(6, 94)
    _legs(s, 16, 84, top=71, width=2.6)
    s.box(13, 36, 87, 66, s.p.main, 5)
    for x in (18, 40, 62):
        s.box(x, 40, x + 20, 59, s.p.light, 3)
        s.box(x, 57, x + 20, 66, s.mix(s.p.light, s.p.main, 0.45), 2)
    s.boxes(s.p.dark, (7, 46, 19, 73), (81, 46, 93, 73), r=4)
    s.box(15, 65, 85, 73, s.p.dark, 1.6)
    s.box(22, 44, 34, 57, s.p.accent, 2.6)
    s.box(67, 45, 78, 57, s.p.paper, 2.6)


@_drawing
def _corner_sofa(s: Sketch) -> None:
    s.shade(4, 96, 80)
    _legs(s, 12, 66, 90, top=72, width=2.4, bottom=79)
    s.box(7, 34, 93, 62, s.p.main, 5)
    for x in (12, 34, 56):
        s.box(x, 39, x + 20, 57, s.p.light, 3)
    s.box(12, 55, 64, 64, s.mix(s.p.light, s.p.main, 0.45), 2)
    s.box(5, 45, 15, 74, s.p.dark, 4)
    s.box(12, 63, 64, 74, s.p.dark, 1.6)
    s.box(62, 52, 95, 64, s.mix(s.p.light, s.p.main, 0.3), 3)
    s.box(62, 61, 95, 76, s.p.dark, 2)
    s.box(85, 40, 95, 55, s.p.dark, 4)
    s.box(18, 43, 30, 56, s.p.accent, 2.6)
    s.box(70, 42, 82, 54, s.p.paper, 2.6)


@_drawing
def _sofa_bed(s: Sketch) -> None:
    s.shade(6, 94, 80)
    s.box(13, 34, 87, 60, s.p.main, 5)
    for x in (18, 51):
        s.box(x, 38, x + 31, 56, s.p.light, 3)
    s.boxes(s.p.dark, (7, 44, 18, 72), (82, 44, 93, 72), r=4)
    _legs(s, 20, 80, top=74, width=2.2, bottom=79.6)
    s.box(16, 56, 84, 70, s.mix(s.p.light, s.p.paper, 0.5), 2.4)
    s.box(14, 64, 86, 76, s.p.paper, 2.4)
    s.box(14, 69, 86, 76.4, s.p.main, 2)
    s.boxes(s.p.accent, (23, 48, 41, 57), r=3)
    s.boxes(s.p.paper, (59, 48, 77, 57), r=3)


@_drawing
def _bed(s: Sketch) -> None:
    s.shade(7, 93, 80)
    _legs(s, 13, 87, top=74, width=2.6, bottom=79.6)
    s.box(11, 27, 89, 66, s.p.wood, 2.4)
    s.box(14, 30, 86, 60, s.p.wood_light, 1.6)
    s.boxes(s.p.paper, (19, 43, 46, 57), (54, 43, 81, 57), r=4)
    s.boxes(s.mix(s.p.paper, s.p.light, 0.35), (19, 51, 46, 57), (54, 51, 81, 57), r=3)
    s.box(10, 55, 90, 74, s.p.main, 3)
    s.box(10, 55, 90, 61, s.p.light, 2.4)
    s.box(9, 71, 91, 77, s.p.wood_dark, 1.2)


@_drawing
def _bunk_bed(s: Sketch) -> None:
    s.shade(10, 90, 80)
    s.boxes(s.p.wood, (12, 16, 15.4, 80), (84.6, 16, 88, 80))
    for y in (36, 66):
        s.box(14, y - 4, 86, y + 1, s.p.paper, 1.6)
        s.box(34, y - 5, 86, y + 1, s.p.main, 1.6)
        s.box(17, y - 7, 32, y - 1, s.p.light, 2)
        s.box(12, y, 88, y + 4.4, s.p.wood_light, 0.8)
    s.box(40, 25, 88, 27, s.p.wood_light, 0.6)
    s.boxes(s.p.wood_dark, (24, 32, 26, 78), (33, 32, 35, 78), r=0.5)
    for y in (44, 52, 60, 72):
        s.box(24, y, 35, y + 1.8, s.p.wood, 0.4)


@_drawing
def _cot(s: Sketch) -> None:
    s.shade(16, 84, 80)
    s.boxes(s.p.wood, (18, 34, 21.4, 80), (78.6, 34, 82, 80))
    s.box(21, 60, 79, 66, s.p.light, 1.4)
    s.box(44, 56, 79, 66, s.p.main, 2)
    s.box(24, 55.6, 40, 62, s.p.paper, 2.6)
    for x in range(25, 78, 6):
        s.box(x, 38, x + 1.6, 68, s.p.wood_light, 0.5)
    s.boxes(s.p.wood_light, (18, 36, 82, 39), (18, 67, 82, 71))
    s.line(s.p.ink, 0.5, (50, 8), (50, 18))
    s.arc(38, 17, 62, 33, 180, 360, s.p.ink, 0.5)
    for x, fill in ((38, s.p.accent), (50, s.p.main), (62, s.p.light)):
        y = 25 if x != 50 else 19
        s.oval(x - 2.3, y, x + 2.3, y + 4.6, fill)


@_drawing
def _mattress(s: Sketch) -> None:
    s.shade(8, 92, 76)
    s.shape(s.mix(s.p.paper, s.p.light, 0.2), (24, 44), (84, 44), (92, 60), (10, 60))
    for t in (0.25, 0.5, 0.75):
        s.line(s.p.light, 0.5, (24 - 14 * t, 44 + 16 * t), (84 + 8 * t, 44 + 16 * t))
    for t in (0.2, 0.4, 0.6, 0.8):
        s.line(s.p.light, 0.5, (24 + 60 * t, 44), (10 + 82 * t, 60))
    s.box(10, 59, 92, 74, s.p.main, 2.6)
    s.box(10, 59, 92, 63, s.p.paper, 1.6)
    s.box(10, 67, 92, 68.4, s.p.light, 0.4)


@_drawing
def _headboard(s: Sketch) -> None:
    s.shade(12, 88)
    s.boxes(s.p.wood_dark, (18, 50, 21, 78), (79, 50, 82, 78))
    s.box(12, 26, 88, 68, s.p.main, 4)
    for x in (15, 33.2, 51.4, 69.6):
        s.box(x, 29, x + 15.6, 65, s.p.light, 3)


@_drawing
def _tent(s: Sketch) -> None:
    s.shade(14, 86)
    s.shape(s.p.main, (50, 18), (16, 78), (84, 78))
    s.shape(s.p.light, (50, 18), (34, 78), (50, 78))
    s.shape(s.p.dark, (50, 18), (58, 78), (42, 78))
    s.shape(s.p.light, (50, 18), (66, 78), (56, 78))
    s.line(s.p.wood_dark, 1.4, (50, 20), (46, 11))
    s.line(s.p.wood_dark, 1.4, (50, 20), (54, 11))
    s.shape(s.p.accent, (54, 11), (63, 13.4), (54, 16))


# Storage ----------------------------------------------------------------------------------


@_drawing
def _wardrobe(s: Sketch) -> None:
    s.shade(20, 80, 80)
    _legs(s, 27, 73, top=77, width=3, bottom=80)
    s.box(22, 12, 78, 78, s.p.dark, 1.4)
    for x in (24, 42.2, 60.4):
        s.box(x, 14.4, x + 15.6, 62, s.p.light, 0.8)
        s.box(x + 1.4, 16, x + 14.2, 60.4, s.mix(s.p.light, s.p.main, 0.25), 0.8)
    s.boxes(s.p.ink, (37.4, 37, 38.4, 43), (43.8, 37, 44.8, 43), (62, 37, 63, 43), r=0.5)
    for x in (24, 50.8):
        s.box(x, 64, x + 25.2, 76, s.p.light, 0.8)
        s.box(x + 10.4, 69.4, x + 14.8, 70.6, s.p.ink, 0.5)


def _books(s: Sketch, x: float, floor: float, heights: tuple[float, ...]) -> None:
    fills = (s.p.main, s.p.accent, s.p.light, s.p.dark, s.p.paper)
    for number, height in enumerate(heights):
        s.box(x + number * 2.9, floor - height, x + number * 2.9 + 2.5, floor, fills[number % 5], 0.4)


@_drawing
def _bookcase(s: Sketch) -> None:
    s.shade(24, 76, 80)
    s.box(26, 11, 74, 80, s.p.wood, 1.2)
    back = s.mix(s.p.wood_light, s.p.paper, 0.45)
    for row, y in enumerate((13.4, 29.6, 45.8, 62)):
        s.box(28.4, y, 71.6, y + 14.2, back, 0.5)
        floor = y + 14.2
        if row == 0:
            _books(s, 30, floor, (10, 11.6, 9, 11, 10.4))
            s.plant(62, floor, 0.95)
        elif row == 1:
            _books(s, 51, floor, (11, 9.4, 10.6, 11.6, 9, 10))
            s.box(31, floor - 7, 43, floor, s.p.light, 1)
        elif row == 2:
            _books(s, 30, floor, (10.4, 9, 11.6, 10, 9.4, 11))
            s.oval(56, floor - 8, 64, floor, s.p.accent)
        else:
            s.boxes(s.p.main, (30, floor - 10, 48.6, floor), (51.4, floor - 10, 70, floor), r=1)
            s.boxes(s.p.light, (36, floor - 6.6, 42.6, floor - 5), (57.4, floor - 6.6, 64, floor - 5))


@_drawing
def _shelving(s: Sketch) -> None:
    s.shade(16, 84, 80)
    s.boxes(s.p.ink, (18, 16, 20, 80), (80, 16, 82, 80), (49, 16, 51, 80), r=0.6)
    for y in (24, 42, 60, 74):
        s.box(16, y, 84, y + 2.4, s.p.wood_light, 0.6)
        s.box(16, y + 1.6, 84, y + 2.4, s.p.wood, 0.3)
    _books(s, 24, 42, (10, 12, 9, 11))
    s.boxes(s.p.main, (56, 31, 76, 42), (24, 49, 44, 60), r=1.2)
    s.boxes(s.p.light, (62, 34, 70, 35.6), (30, 52, 38, 53.6))
    _books(s, 56, 60, (9, 11, 10, 12, 9))
    s.plant(66, 24, 0.9)
    s.boxes(s.p.accent, (58, 66, 74, 74), r=1.2)
    s.oval(27, 66, 35, 74, s.p.light)


@_drawing
def _wall_shelf(s: Sketch) -> None:
    for y, x0, x1 in ((36, 18, 70), (58, 32, 84)):
        s.box(x0, y + 2.6, x1, y + 4.4, s.mix(s.p.wall, s.p.ink, 0.1), 0.6)
        s.boxes(s.p.ink, (x0 + 8, y + 2, x0 + 9.4, y + 8), (x1 - 9.4, y + 2, x1 - 8, y + 8), r=0.4)
        s.box(x0, y, x1, y + 3, s.p.wood_light, 0.8)
        s.box(x0, y + 2, x1, y + 3, s.p.wood, 0.4)
    _books(s, 24, 36, (12, 14, 11, 13, 12.4))
    s.plant(60, 36, 1.15)
    s.box(60, 45, 76, 58, s.p.paper, 0.8)
    s.box(62, 47, 74, 56, s.p.light, 0.5)
    s.oval(40, 49, 49, 58, s.p.accent)


@_drawing
def _cabinet(s: Sketch) -> None:
    s.shade(17, 83, 80)
    _legs(s, 24, 76, top=74, width=2.6, bottom=79.6)
    s.box(19, 26, 81, 75.4, s.p.dark, 1.4)
    s.boxes(s.p.light, (21.4, 28.4, 49.2, 60), (50.8, 28.4, 78.6, 60), r=0.9)
    s.boxes(s.mix(s.p.light, s.p.main, 0.25), (23.6, 30.6, 47, 57.8), (53, 30.6, 76.4, 57.8), r=0.9)
    s.boxes(s.p.light, (21.4, 61.8, 49.2, 73), (50.8, 61.8, 78.6, 73), r=0.9)
    s.boxes(
        s.p.ink, (46, 41, 47.2, 47), (52.8, 41, 54, 47), (32.6, 66.8, 38, 68), (62, 66.8, 67.4, 68), r=0.5
    )
    s.plant(32, 26, 1.1)
    s.box(58, 20.4, 72, 22, s.p.accent, 0.5)
    s.box(59, 22, 71, 24, s.p.light, 0.5)
    s.box(58, 24, 73, 26, s.p.main, 0.5)


@_drawing
def _glass_cabinet(s: Sketch) -> None:
    s.shade(20, 80, 80)
    _legs(s, 27, 73, top=77, width=2.6, bottom=80)
    s.box(22, 13, 78, 78, s.p.wood, 1.4)
    glass = s.mix(s.p.paper, s.p.light, 0.3)
    for x in (24.6, 50.8):
        s.box(x, 15.6, x + 24.6, 57, glass, 0.8)
        for y in (28.6, 42.4):
            s.box(x, y, x + 24.6, y + 1, s.p.wood_light, 0.2)
    _books(s, 28, 28.6, (8, 9.6, 7, 9))
    s.oval(58, 21.6, 65, 28.6, s.p.accent)
    s.oval(29, 35.4, 36, 42.4, s.p.main)
    s.box(39, 36, 46, 42.4, s.p.light, 1)
    _books(s, 56, 42.4, (9, 7.6, 9.4, 8))
    s.plant(38, 57, 0.95)
    s.boxes(s.p.light, (57, 49, 69, 57), r=1)
    for x in (24.6, 50.8):
        s.line(s.p.paper, 0.9, (x + 4, 34), (x + 14, 18))
        s.box(x, 59, x + 24.6, 75.4, s.p.wood_light, 0.8)
    s.boxes(
        s.p.ink, (46.6, 34, 47.6, 40), (52.4, 34, 53.4, 40), (46.6, 64, 47.6, 70), (52.4, 64, 53.4, 70), r=0.5
    )


@_drawing
def _drawers(s: Sketch) -> None:
    s.shade(17, 83, 80)
    _legs(s, 24, 76, top=75, width=2.8, bottom=80)
    s.box(19, 30, 81, 76.6, s.p.dark, 1.4)
    s.box(17, 27.6, 83, 31.4, s.p.wood_light, 1)
    for row, y in enumerate((33.4, 44.2, 55, 65.8)):
        parts = ((21.4, 49.2), (50.8, 78.6)) if row == 0 else ((21.4, 78.6),)
        for x0, x1 in parts:
            s.box(x0, y, x1, y + 9.2, s.p.light, 0.9)
            s.box(x0, y + 7.6, x1, y + 9.2, s.mix(s.p.light, s.p.main, 0.4), 0.7)
            middle = (x0 + x1) / 2
            s.box(middle - 3.4, y + 3.4, middle + 3.4, y + 4.8, s.p.ink, 0.7)
    s.plant(30, 27.6, 1.1)
    s.oval(58, 10, 74, 26, s.p.paper)
    s.ring(58, 10, 74, 26, s.p.wood, 1.3)
    s.box(63, 25, 69, 27.8, s.p.wood, 0.6)


@_drawing
def _tv_bench(s: Sketch) -> None:
    s.shade(8, 92, 80)
    s.box(20, 19, 80, 53, s.p.ink, 1.4)
    s.box(21.4, 20.4, 78.6, 51, s.mix(s.p.dark, s.p.ink, 0.45), 0.8)
    s.shape(s.mix(s.p.dark, s.p.ink, 0.25), (21.4, 44), (21.4, 20.4), (46, 20.4))
    s.boxes(s.p.ink, (46, 52, 54, 56), (38, 55, 62, 57), r=0.5)
    _legs(s, 17, 83, top=74, width=2.4, bottom=79.6)
    s.box(9, 57, 91, 75.4, s.p.wood, 1.2)
    s.boxes(s.p.wood_light, (11.4, 59.4, 35.6, 73), (64.4, 59.4, 88.6, 73), r=0.8)
    s.box(37.4, 59.4, 62.6, 73, s.p.wood_dark, 0.6)
    s.boxes(s.p.main, (40, 65, 52, 73), r=0.6)
    s.boxes(s.p.accent, (53.4, 68, 60.6, 73), r=0.6)
    s.boxes(s.p.ink, (20.4, 65.6, 26.6, 66.8), (73.4, 65.6, 79.6, 66.8), r=0.5)


@_drawing
def _trolley(s: Sketch) -> None:
    s.shade(26, 74, 80)
    for x in (32, 68):
        s.oval(x - 2.6, 74.6, x + 2.6, 79.8, s.p.ink)
        s.oval(x - 1, 76.2, x + 1, 78.2, s.p.light)
    s.boxes(s.p.dark, (30.8, 26, 33.2, 75), (66.8, 26, 69.2, 75), r=0.8)
    s.line(s.p.dark, 2.2, (32, 28), (26, 24))
    for y in (33, 50, 66):
        s.box(28, y, 72, y + 7, s.p.main, 1.4)
        s.box(28, y, 72, y + 1.8, s.p.light, 0.8)
    s.plant(41, 33, 1)
    s.boxes(s.p.accent, (54, 25, 63, 33), r=1.4)
    _books(s, 38, 50, (9, 10.4, 8, 9.6))
    s.oval(54, 42.6, 61.4, 50, s.p.light)
    s.boxes(s.p.paper, (38, 58.4, 60, 66), r=1.4)


@_drawing
def _basket(s: Sketch) -> None:
    s.shade(20, 80)
    s.shape(s.p.main, (22, 42), (78, 42), (73, 78), (27, 78))
    for y in (49, 56, 63, 70):
        s.box(24, y, 76, y + 1.6, s.p.light, 0.6)
    for x in (36, 50, 64):
        s.box(x - 0.8, 44, x + 0.8, 77, s.p.dark, 0.4)
    s.box(19, 38, 81, 44, s.p.dark, 2)
    s.arc(38, 26, 62, 50, 180, 360, s.p.wood_dark, 2.2)


@_drawing
def _room_divider(s: Sketch) -> None:
    s.shade(12, 88, 79)
    for number, x in enumerate((15, 38.4, 61.8)):
        low, high = (14, 18) if number % 2 == 0 else (18, 14)
        s.shape(s.p.wood, (x, low), (x + 23, high), (x + 23, 78 - (high - 14) / 2), (x, 78 - (low - 14) / 2))
        s.shape(s.p.light, (x + 2, low + 3), (x + 21, high + 3), (x + 21, 74), (x + 2, 74))
        for y in (32, 48, 62):
            s.box(x + 2, y, x + 21, y + 1.4, s.p.wood_light, 0)
        s.oval(x + 8, 36, x + 15, 43, s.p.main)


# Parts and textiles -------------------------------------------------------------------------


@_drawing
def _cover(s: Sketch) -> None:
    s.shade(20, 80)
    for y, fill in ((64, s.p.dark), (53, s.p.main), (42, s.p.light)):
        s.box(21, y, 79, y + 13, fill, 4)
        s.box(21, y + 5.8, 74, y + 7, s.mix(fill, s.p.ink, 0.18), 0.5)
    s.box(43, 40, 57, 76, s.p.accent, 0.8)
    s.shape(s.mix(s.p.accent, s.p.ink, 0.18), (50, 41), (40, 33), (42, 42))
    s.shape(s.mix(s.p.accent, s.p.ink, 0.18), (50, 41), (60, 33), (58, 42))
    s.oval(47, 38, 53, 44, s.p.accent)


@_drawing
def _cushion(s: Sketch) -> None:
    s.shade(16, 84)
    s.box(17, 57, 83, 77, s.p.main, 8)
    s.box(17, 57, 83, 66, s.p.light, 6)
    s.box(17, 65.4, 83, 66.6, s.p.dark, 0.4)
    s.shape(s.p.dark, (31, 25), (50, 28), (69, 25), (66, 42), (69, 60), (50, 57), (31, 60), (34, 42))
    s.shape(
        s.p.accent,
        (33.4, 27.4),
        (50, 30),
        (66.6, 27.4),
        (64, 42),
        (66.6, 57.6),
        (50, 55),
        (33.4, 57.6),
        (36, 42),
    )
    s.oval(48.4, 41, 51.6, 44.2, s.mix(s.p.accent, s.p.ink, 0.3))


@_drawing
def _handle(s: Sketch) -> None:
    s.box(18, 20, 82, 66, s.mix(s.p.wood_light, s.p.paper, 0.25), 2)
    s.box(18, 42.2, 82, 43.2, s.p.wood, 0)
    s.shade(18, 82, 76)
    for y in (30, 53):
        s.boxes(s.p.dark, (35, y, 38, y + 5), (62, y, 65, y + 5), r=0.8)
        s.box(31, y + 3, 69, y + 6.6, s.p.main, 1.8)
        s.box(31, y + 3, 69, y + 4.4, s.p.light, 0.8)


@_drawing
def _leg(s: Sketch) -> None:
    s.shade(18, 82, 79)
    for x in (24, 41, 59, 76):
        s.shape(s.p.wood, (x - 4.4, 26), (x + 4.4, 26), (x + 2, 77), (x - 2, 77))
        s.shape(s.p.wood_light, (x - 4.4, 26), (x - 0.6, 26), (x - 0.8, 77), (x - 2, 77))
        s.box(x - 6, 22, x + 6, 26.4, s.p.dark, 1)
        s.box(x - 2.4, 74, x + 2.4, 78, s.p.main, 0.8)


@_drawing
def _door(s: Sketch) -> None:
    s.shade(28, 72, 80)
    s.box(30, 14, 70, 79, s.p.main, 1.2)
    for y0, y1 in ((18, 44), (48, 75)):
        s.box(34, y0, 66, y1, s.p.dark, 0.8)
        s.box(35.4, y0 + 1.4, 64.6, y1 - 1.4, s.p.light, 0.8)
    s.boxes(s.p.ink, (31.6, 42, 33, 51), r=0.7)
    s.boxes(s.p.wood_dark, (68.6, 22, 71.4, 27), (68.6, 66, 71.4, 71), r=0.6)


@_drawing
def _fittings(s: Sketch) -> None:
    s.shade(18, 82)
    s.line(s.p.dark, 4.4, (26, 26), (26, 70), (62, 70))
    s.line(s.p.main, 3, (26, 40), (48, 69))
    for x, y in ((26, 32), (26, 52), (42, 70), (56, 70)):
        s.oval(x - 1.3, y - 1.3, x + 1.3, y + 1.3, s.p.paper)
    for x, y in ((62, 30), (76, 46)):
        s.oval(x - 6.4, y - 6.4, x + 6.4, y + 6.4, s.p.light)
        s.oval(x - 4.4, y - 4.4, x + 4.4, y + 4.4, s.p.main)
        s.box(x - 3, y - 0.6, x + 3, y + 0.6, s.p.ink, 0.2)
        s.box(x - 0.6, y - 3, x + 0.6, y + 3, s.p.ink, 0.2)
    s.boxes(s.p.accent, (72, 62, 77, 75), r=1)
    s.box(70, 59, 79, 63, s.mix(s.p.accent, s.p.ink, 0.2), 1)


# Outdoors ---------------------------------------------------------------------------------


@_drawing
def _outdoor_set(s: Sketch) -> None:
    s.shade(6, 94, 80)
    s.box(49.2, 16, 50.8, 62, s.p.wood_dark, 0.6)
    s.pie(18, 8, 82, 42, 180, 360, s.p.accent)
    s.pie(38, 8, 62, 42, 180, 360, s.mix(s.p.accent, s.p.paper, 0.35))
    for x0, x1 in ((8, 34), (66, 92)):
        _legs(s, x0 + 3, x1 - 3, top=66, width=2, bottom=79)
        s.box(x0, 46, x1, 62, s.p.wood_light, 2)
        for y in (49.6, 54.4):
            s.box(x0 + 2, y, x1 - 2, y + 1.4, s.p.wood, 0.4)
        s.box(x0, 60, x1, 68, s.p.main, 2.4)
        s.box(x0, 60, x1, 63.4, s.p.light, 1.6)
    _legs(s, 42, 58, top=65, width=2, bottom=79)
    s.box(38, 61.6, 62, 65.4, s.p.wood, 1)


@_drawing
def _sun_lounger(s: Sketch) -> None:
    s.oval(68, 12, 84, 28, s.p.accent)
    s.shade(8, 92, 79)
    s.boxes(s.p.wood_dark, (20, 66, 22.6, 78), (58, 66, 60.6, 78), (80, 66, 82.6, 78))
    s.line(s.p.wood, 3, (14, 66), (84, 66))
    s.line(s.p.wood, 3, (60, 66), (86, 40))
    s.line(s.p.main, 6, (15, 61), (58, 61))
    s.line(s.p.main, 6, (58, 61), (82, 37))
    s.line(s.p.light, 2, (15, 59), (57, 59))
    s.line(s.p.light, 2, (57, 59), (80, 36))


# Laptops ----------------------------------------------------------------------------------


def _screen(s: Sketch, x0: float, y0: float, x1: float, y1: float, rim: str, glow: tuple[str, str]) -> None:
    s.box(x0, y0, x1, y1, rim, 1.8)
    s.box(x0 + 1.8, y0 + 1.8, x1 - 1.8, y1 - 1.8, glow[0], 0.8)
    s.shape(
        glow[1], (x0 + 1.8, y1 - 1.8), (x0 + 1.8, y0 + (y1 - y0) * 0.62), (x0 + (x1 - x0) * 0.4, y1 - 1.8)
    )
    s.oval(x1 - (x1 - x0) * 0.34, y0 + 5, x1 - (x1 - x0) * 0.14, y0 + 5 + (x1 - x0) * 0.2, glow[1])


def _base(s: Sketch, x0: float, x1: float, y: float, top: str, edge: str, keys: str) -> None:
    spread = 6
    s.shape(top, (x0, y), (x1, y), (x1 + spread, y + 9), (x0 - spread, y + 9))
    s.shape(keys, (x0 + 4, y + 1), (x1 - 4, y + 1), (x1 - 1.4, y + 5.2), (x0 + 1.4, y + 5.2))
    s.shape(s.mix(top, keys, 0.4), (45, y + 6), (55, y + 6), (56, y + 8.4), (44, y + 8.4))
    s.box(x0 - spread, y + 8.6, x1 + spread, y + 11.2, edge, 1.1)


@_drawing
def _laptop(s: Sketch) -> None:
    s.shade(14, 86, 74)
    _screen(s, 22, 25, 78, 62, s.p.ink, (s.p.light, s.p.main))
    _base(s, 22, 78, 61.4, s.mix(s.p.paper, s.p.ink, 0.18), s.mix(s.p.paper, s.p.ink, 0.34), s.p.ink)


@_drawing
def _ultrabook(s: Sketch) -> None:
    silver = s.mix(s.p.paper, s.p.ink, 0.12)
    s.shade(13, 87, 73)
    _screen(s, 21, 25.6, 79, 62, silver, (s.p.main, s.p.light))
    _base(s, 21, 79, 61.4, silver, s.mix(silver, s.p.ink, 0.2), s.mix(silver, s.p.ink, 0.32))


@_drawing
def _gaming_laptop(s: Sketch) -> None:
    black = "#262A33"
    s.shade(11, 89, 75)
    _screen(s, 19, 22, 81, 62, black, ("#313A52", s.p.main))
    s.shape(s.p.accent, (46, 52), (58, 36), (53, 36), (60, 27), (47, 40), (52, 40))
    _base(s, 19, 81, 61.4, black, "#171A20", s.mix(black, s.p.main, 0.55))
    for number in range(7):
        x = 26 + number * 7
        s.box(x, 63.2, x + 4.6, 64.4, s.p.accent if number % 2 else s.p.light, 0.4)
    s.boxes(s.p.accent, (14, 70.6, 24, 71.4), (76, 70.6, 86, 71.4), r=0.3)


@_drawing
def _convertible(s: Sketch) -> None:
    s.shade(14, 86, 76)
    s.shape(s.mix(s.p.paper, s.p.ink, 0.3), (72, 30), (86, 76), (20, 76), (22, 73))
    s.shape(s.p.ink, (20, 27), (74, 27), (82, 74), (28, 74))
    s.shape(s.p.light, (22.6, 29.4), (72.2, 29.4), (79, 71.4), (29.8, 71.4))
    s.shape(s.p.main, (26.4, 52), (29.8, 71.4), (56, 71.4))
    s.oval(52, 35, 64, 47, s.p.main)
    s.line(s.p.accent, 1.8, (88, 38), (77, 58))
    s.shape(s.p.ink, (77.6, 57), (76.2, 59.8), (78.6, 58.4))


@_drawing
def _workstation(s: Sketch) -> None:
    dark = s.mix(s.p.ink, "#000000", 0.15)
    s.shade(9, 91, 76)
    _screen(s, 17, 20, 83, 62, dark, (s.mix(s.p.ink, s.p.paper, 0.12), s.p.main))
    for number, height in enumerate((9, 14, 11, 18, 15, 22)):
        s.box(
            27 + number * 5, 52 - height, 30.4 + number * 5, 52, s.p.accent if number == 5 else s.p.light, 0.4
        )
    s.box(26, 52.6, 58, 53.4, s.p.light, 0.2)
    _base(s, 17, 83, 61.4, dark, "#14181A", s.mix(dark, s.p.paper, 0.25))
    s.box(11, 71.6, 89, 73.8, "#14181A", 1)


@_drawing
def _netbook(s: Sketch) -> None:
    s.shade(22, 78, 74)
    _screen(s, 29, 33, 71, 62, s.p.main, (s.mix(s.p.paper, s.p.light, 0.4), s.p.light))
    _base(s, 29, 71, 61.4, s.p.light, s.p.main, s.p.dark)


@_drawing
def _parcel(s: Sketch) -> None:
    s.shade(20, 80)
    s.box(24, 36, 76, 77, s.p.wood_light, 1.4)
    s.box(24, 36, 76, 47, s.p.wood, 1.4)
    s.box(45, 36, 55, 77, s.mix(s.p.wood_light, s.p.paper, 0.5), 0)
    s.box(58, 62, 71, 71, s.p.paper, 0.8)
    s.boxes(s.p.ink, (60, 64.4, 69, 65.4), (60, 67.4, 66, 68.4), r=0.2)
