"""How the columns of lists that we know become attributes of a product class.

A list whose columns no plan knows is imported too: see ``importing.infer_plan``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from forked_apps.catalogue.wording import Names, furniture_kind, furniture_title, laptop_title

AttributeType = Literal["text", "integer", "float", "boolean", "option"]
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Column:
    """One attribute, and the column of the list that it is read from."""

    code: str
    names: Names
    type: AttributeType
    #: As ``units.unit_label`` knows it.
    unit: str = ""
    is_facet: bool = False
    #: Column of the list; the same as the code if empty.
    source: str = ""
    #: Makes the attribute's text of the column's.
    convert: Callable[[str], str] | None = None
    #: Names an option in three languages.
    option_names: Callable[[str], Names] | None = None

    @property
    def column(self) -> str:
        return self.source or self.code

    def text(self, row: Row) -> str:
        text = " ".join((row.get(self.column) or "").split())
        return self.convert(text) if text and self.convert else text


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """A product class and how a row becomes one of its products."""

    slug: str
    names: Names
    columns: tuple[Column, ...]
    #: The list is this plan's if it has all of these columns.
    known_by: frozenset[str] = frozenset()
    titles: Callable[[Row], Names] = field(default=lambda row: Names(en=row["title"].strip()))


def processor_family(cpu: str) -> str:
    """ "Intel Core i5 7200U 2.5GHz" is an "Intel Core i5": what people filter by."""
    words = cpu.split()
    if cpu.startswith("Intel Core"):
        return " ".join(words[:3])
    if cpu.startswith("AMD A"):
        return "AMD A-Series"
    return " ".join(words[:2])


def operating_system(name: str) -> str:
    return {"Mac OS X": "macOS"}.get(name, name)


def _operating_system_names(name: str) -> Names:
    if name == "No OS":
        return Names(en="No system", ar="بدون نظام تشغيل", ckb="بێ سیستەم")
    return Names(en=name, ar=name, ckb=name)


def screen_resolution(text: str) -> str:
    """ "IPS Panel Full HD / Touchscreen 1920x1080": the panel's kind, then the pixels, separated."""
    match = re.fullmatch(r"(.*?)\s*(\d{3,5}x\d{3,5})", text)
    return f"{match[2]} ({match[1]})" if match and match[1] else text


FURNITURE = ImportPlan(
    slug="furniture",
    names=Names("Furniture", "أثاث", "کەلوپەلی ناوماڵ"),
    known_by=frozenset({"series", "kind", "designer", "width_cm", "height_cm", "depth_cm"}),
    titles=lambda row: furniture_title(
        title=" ".join(row["title"].split()), series=row["series"].strip(), kind=row["kind"].strip()
    ),
    columns=(
        Column("kind", Names("Kind", "النوع", "جۆر"), "option", is_facet=True, option_names=furniture_kind),
        Column("series", Names("Series", "السلسلة", "زنجیرە"), "text"),
        Column("designer", Names("Designer", "المصمم", "دیزاینەر"), "text", is_facet=True),
        Column("width", Names("Width", "العرض", "پانی"), "integer", unit="cm", source="width_cm"),
        Column("height", Names("Height", "الارتفاع", "بەرزی"), "integer", unit="cm", source="height_cm"),
        Column("depth", Names("Depth", "العمق", "قووڵی"), "integer", unit="cm", source="depth_cm"),
        Column("other_colours", Names("More colours", "ألوان أخرى", "ڕەنگی تر"), "boolean"),
    ),
)

LAPTOP = ImportPlan(
    slug="laptop",
    names=Names("Laptop", "حاسوب محمول", "لاپتۆپ"),
    known_by=frozenset({"model", "cpu", "ram_gb", "storage", "screen_inches"}),
    titles=lambda row: laptop_title(
        title=row["title"],
        brand=row["brand"].strip(),
        model=row["model"].strip(),
        screen=row["screen_inches"].strip(),
        memory=row["ram_gb"].strip(),
        storage=row["storage"],
    ),
    columns=(
        Column("model", Names("Model", "الطراز", "مۆدێل"), "text"),
        Column(
            "processor_family",
            Names("Processor family", "عائلة المعالج", "خێزانی پرۆسێسەر"),
            "text",
            is_facet=True,
            source="cpu",
            convert=processor_family,
        ),
        Column("processor", Names("Processor", "المعالج", "پرۆسێسەر"), "text", source="cpu"),
        Column(
            "memory", Names("Memory", "الذاكرة", "ڕام"), "integer", unit="GB", is_facet=True, source="ram_gb"
        ),
        Column("storage", Names("Storage", "التخزين", "بیرگە"), "text", is_facet=True),
        Column(
            "screen",
            Names("Screen", "الشاشة", "شاشە"),
            "float",
            unit="in",
            is_facet=True,
            source="screen_inches",
        ),
        Column(
            "resolution", Names("Resolution", "دقة الشاشة", "وردیی شاشە"), "text", convert=screen_resolution
        ),
        Column("graphics", Names("Graphics", "بطاقة الرسوميات", "کارتی گرافیک"), "text", source="gpu"),
        Column(
            "system",
            Names("Operating system", "نظام التشغيل", "سیستەمی کارپێکردن"),
            "option",
            is_facet=True,
            source="os",
            convert=operating_system,
            option_names=_operating_system_names,
        ),
        Column("weight", Names("Weight", "الوزن", "کێش"), "float", unit="kg", source="weight_kg"),
    ),
)

PLANS = (FURNITURE, LAPTOP)

#: Attributes that lists of any goods have, by column without its unit.
COMMON_NAMES = {
    "width": Names("Width", "العرض", "پانی"),
    "height": Names("Height", "الارتفاع", "بەرزی"),
    "depth": Names("Depth", "العمق", "قووڵی"),
    "length": Names("Length", "الطول", "درێژی"),
    "weight": Names("Weight", "الوزن", "کێش"),
    "colour": Names("Colour", "اللون", "ڕەنگ"),
    "color": Names("Colour", "اللون", "ڕەنگ"),
    "material": Names("Material", "المادة", "ماددە"),
    "size": Names("Size", "المقاس", "قەبارە"),
    "model": Names("Model", "الطراز", "مۆدێل"),
    "series": Names("Series", "السلسلة", "زنجیرە"),
    "designer": Names("Designer", "المصمم", "دیزاینەر"),
    "storage": Names("Storage", "التخزين", "بیرگە"),
    "ram": Names("Memory", "الذاكرة", "ڕام"),
    "memory": Names("Memory", "الذاكرة", "ڕام"),
    "screen": Names("Screen", "الشاشة", "شاشە"),
    "battery": Names("Battery", "البطارية", "پاتری"),
    "capacity": Names("Capacity", "السعة", "توانا"),
    "power": Names("Power", "القدرة", "وزە"),
    "camera": Names("Camera", "الكاميرا", "کامێرا"),
    "warranty": Names("Warranty", "الضمان", "گەرەنتی"),
    "os": Names("Operating system", "نظام التشغيل", "سیستەمی کارپێکردن"),
    "cpu": Names("Processor", "المعالج", "پرۆسێسەر"),
    "gpu": Names("Graphics", "بطاقة الرسوميات", "کارتی گرافیک"),
    "author": Names("Author", "المؤلف", "نووسەر"),
    "publisher": Names("Publisher", "الناشر", "بڵاوکەرەوە"),
    "pages": Names("Pages", "عدد الصفحات", "ژمارەی لاپەڕە"),
    "language": Names("Language", "اللغة", "زمان"),
    "gender": Names("For", "الفئة", "بۆ"),
    "origin": Names("Made in", "بلد المنشأ", "وڵاتی دروستکردن"),
    "country": Names("Country", "البلد", "وڵات"),
}

#: Names of categories that we know; others stand as the list writes them.
CATEGORY_NAMES = {
    names.en: names
    for names in (
        Names("Home & furniture", "المنزل والأثاث", "ماڵ و کەلوپەل"),
        Names("Bookcases & shelving units", "المكتبات ووحدات الأرفف", "کتێبخانە و یەکەی ڕەف"),
        Names("Chairs", "الكراسي", "کورسی"),
        Names("Sofas & armchairs", "الأرائك والكراسي بذراعين", "قەنەفە و کورسیی دەسکدار"),
        Names("Tables & desks", "الطاولات والمكاتب", "مێز و مێزی نووسین"),
        Names("Wardrobes", "خزائن الملابس", "کەنتۆر"),
        Names("Beds", "الأسرّة", "تەختی نوستن"),
        Names("Outdoor furniture", "أثاث الحدائق", "کەلوپەلی باخچە"),
        Names("Cabinets & cupboards", "الخزائن والدواليب", "دۆڵاب"),
        Names("Chests of drawers & drawer units", "خزائن ووحدات الأدراج", "دۆڵابی چەکمەجە"),
        Names("TV & media furniture", "أثاث التلفزيون", "کەلوپەلی تەلەفزیۆن"),
        Names("Children's furniture", "أثاث الأطفال", "کەلوپەلی منداڵان"),
        Names("Bar furniture", "أثاث البار", "کەلوپەلی بار"),
        Names("Trolleys", "العربات", "عارەبانە"),
        Names("Nursery furniture", "أثاث غرف الرضّع", "کەلوپەلی ژووری ساوا"),
        Names("Café furniture", "أثاث المقاهي", "کەلوپەلی کافێ"),
        Names("Room dividers", "فواصل الغرف", "جیاکەرەوەی ژوور"),
        Names("Sideboards, buffets & console tables", "البوفيهات وطاولات الكونسول", "بۆفیە و مێزی کۆنسۆڵ"),
        Names("Electronics", "الإلكترونيات", "ئەلیکترۆنیات"),
        Names("Laptops", "الحواسيب المحمولة", "لاپتۆپ"),
        Names("Notebook", "حواسيب للاستخدام اليومي", "لاپتۆپی ڕۆژانە"),
        Names("Gaming", "حواسيب الألعاب", "لاپتۆپی یاری"),
        Names("Ultrabook", "حواسيب نحيفة (Ultrabook)", "لاپتۆپی تەنک (Ultrabook)"),
        Names("2 in 1 Convertible", "حواسيب 2 في 1", "لاپتۆپی 2 لە 1"),
        Names("Workstation", "محطات العمل", "لاپتۆپی کاری قورس"),
        Names("Netbook", "حواسيب صغيرة (Netbook)", "لاپتۆپی بچووک (Netbook)"),
    )
}
