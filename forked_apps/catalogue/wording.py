"""Names of furniture and laptops in Arabic and Kurdish, put together from a hand-written dictionary.

Sellers' lists of such goods come in English with few patterns ("Chest of 6 drawers", "Cover for
corner sofa"). A name is composed only if every part of it is known; otherwise there is none, and
the shop shows the English one. No machine guesses.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DICTIONARY = Path(__file__).parent / "data" / "furniture_words.csv"


@dataclass(frozen=True, slots=True)
class Names:
    """One name in the shop's languages; an empty one falls back."""

    en: str
    ar: str = ""
    ckb: str = ""

    def fields(self, name: str) -> dict[str, str]:
        """As the columns of a translated field: ``title_en``, …"""
        return {f"{name}_en": self.en, f"{name}_ar": self.ar, f"{name}_ckb": self.ckb}


@dataclass(frozen=True, slots=True)
class _Counted:
    """An Arabic noun as it stands after numbers (after مع or ب); Kurdish keeps the singular."""

    one: str
    two: str
    few: str
    many: str
    ckb: str

    def arabic(self, number: int) -> str:
        if number == 1:
            return self.one
        if number == 2:
            return self.two
        return f"{number} {self.few if number <= 10 else self.many}"

    def kurdish(self, number: int) -> str:
        return f"{number} {self.ckb}"


_COUNTED = {
    "door": _Counted("باب واحد", "بابين", "أبواب", "باباً", "دەرگا"),
    "drawer": _Counted("درج واحد", "درجين", "أدراج", "درجاً", "چەکمەجە"),
    "chair": _Counted("كرسي واحد", "كرسيين", "كراسي", "كرسياً", "کورسی"),
    "armchair": _Counted("كرسي بذراعين", "كرسيين بذراعين", "كراسي بأذرع", "كرسياً بذراعين", "کورسیی دەسکدار"),
    "folding chair": _Counted(
        "كرسي قابل للطي", "كرسيين قابلين للطي", "كراسي قابلة للطي", "كرسياً قابلاً للطي", "کورسیی قەدکراو"
    ),
    "reclining chair": _Counted(
        "كرسي قابل للإمالة",
        "كرسيين قابلين للإمالة",
        "كراسي قابلة للإمالة",
        "كرسياً قابلاً للإمالة",
        "کورسیی لاربووەوە",
    ),
    "stool": _Counted("مقعد واحد", "مقعدين", "مقاعد", "مقعداً", "کورسیی بێ پشت"),
    "bar stool": _Counted("كرسي بار", "كرسيي بار", "كراسي بار", "كرسي بار", "کورسیی بار"),
    "bench": _Counted("مقعد طويل", "مقعدين طويلين", "مقاعد طويلة", "مقعداً طويلاً", "کورسیی درێژ"),
    "shelf": _Counted("رف واحد", "رفّين", "أرفف", "رفاً", "ڕەف"),
    "insert": _Counted("وحدة داخلية", "وحدتين داخليتين", "وحدات داخلية", "وحدة داخلية", "پارچەی ناوەوە"),
    "cabinet": _Counted("خزانة واحدة", "خزانتين", "خزائن", "خزانة", "دۆڵاب"),
    "section": _Counted("قسم واحد", "قسمين", "أقسام", "قسماً", "بەش"),
    "shelf section": _Counted("قسم أرفف", "قسمي أرفف", "أقسام أرفف", "قسم أرفف", "بەشی ڕەف"),
    "leg": _Counted("ساق واحدة", "ساقين", "سيقان", "ساقاً", "قاچ"),
    "castor": _Counted("عجلة واحدة", "عجلتين", "عجلات", "عجلة", "تایە"),
    "mattress": _Counted("مرتبة واحدة", "مرتبتين", "مراتب", "مرتبة", "دۆشەک"),
    "side table": _Counted("طاولة جانبية", "طاولتين جانبيتين", "طاولات جانبية", "طاولة جانبية", "مێزی لا"),
    "storage box": _Counted("صندوق تخزين", "صندوقي تخزين", "صناديق تخزين", "صندوق تخزين", "سندووقی هەڵگرتن"),
    "compartment": _Counted("حجرة واحدة", "حجرتين", "حجرات", "حجرة", "خانە"),
    "hook": _Counted("خطاف واحد", "خطافين", "خطافات", "خطافاً", "قولاپ"),
    "sofa-bed": _Counted("أريكة سرير", "أريكتي سرير", "أرائك سرير", "أريكة سرير", "قەنەفەی نوستن"),
}
_PLURALS = {"shelves": "shelf", "shelf sections": "shelf section", "benches": "bench",
            "mattresses": "mattress",
            "storage boxes": "storage box"}  # fmt: skip
_SEATS_AR = {1: "بمقعد واحد", 2: "بمقعدين", 3: "بثلاثة مقاعد", 4: "بأربعة مقاعد", 5: "بخمسة مقاعد"}
_SEATS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}

#: How sellers shorten words, and the words in full; in this order.
_FULL = [
    (r"\bw\b", "with"), (r"\bf\b", "for"), (r"\bdrs\b", "doors"), (r"\bpnl\b", "panel"),
    (r"\bglss\b", "glass"),
    (r"\bhght\b", "height"), (r"\bext ut\b", "extension unit"), (r"\bextension ut\b", "extension unit"),
    (r"\bshlvs\b", "shelves"), (r"\bshlf\b", "shelf"), (r"\bshlv\b", "shelving"), (r"\bshelv\b", "shelving"),
    (r"\buts\b", "units"), (r"\but\b", "unit"), (r"\bbaskts\b", "baskets"), (r"\bbskts\b", "baskets"),
    (r"\bclths\b", "clothes"), (r"\brl\b", "rail"), (r"\bcomb\b", "combination"), (r"\bsec\b", "section"),
    (r"\btbl\b", "table"), (r"\bcrnr\b", "corner"), (r"\btp\b", "top"), (r"\bdrwrs\b", "drawers"),
    (r"\bchrs\b", "chairs"), (r"\bchr\b", "chair"), (r"\bcomp\b", "compartments"),
    (r"glass-doors", "glass doors"),
    (r"\bslatted bedbase\b", "slatted bed base"),
    (r"\bchairs armr\b", "chairs with armrests"), (r"\bCover (?!for\b)(?=\S)", "Cover for "),
]  # fmt: skip


@cache
def _dictionary() -> dict[str, Names]:
    with DICTIONARY.open(encoding="utf-8", newline="") as file:
        return {
            row["english"].lower(): Names(en=row["english"], ar=row["arabic"], ckb=row["kurdish"])
            for row in csv.DictReader(file)
        }


def _counted(text: str) -> tuple[str, str] | None:
    match = re.fullmatch(r"(\d+) (.+)", text)
    if match is None:
        return None
    number, noun = int(match[1]), match[2].lower()
    forms = _COUNTED.get(_PLURALS.get(noun, noun.removesuffix("s")))
    return (forms.arabic(number), forms.kurdish(number)) if forms else None


def _of_drawers(text: str) -> tuple[str, str] | None:
    match = re.fullmatch(r"(modular )?chest of (\d+) drawers", text, re.IGNORECASE)
    if match is None:
        return None
    number = int(match[2])
    drawers = _COUNTED["drawer"].arabic(number)
    modular_ar, modular_ckb = (" تركيبية", "ی پارچەیی") if match[1] else ("", "")
    glue = "ب" if number <= 2 else "بـ"
    return f"خزانة{modular_ar} {glue}{drawers}", f"دۆڵابی {number} چەکمەجەیی{modular_ckb}"


def _seats(text: str) -> tuple[str, str] | None:
    match = re.fullmatch(
        r"(?:(\d)|(one|two|three|four|five))-seat (.+)", text, re.IGNORECASE
    ) or re.fullmatch(r"(?P<what>modular corner sofa) (?P<n>\d)-seat", text, re.IGNORECASE)
    if match is None:
        return None
    groups = match.groupdict()
    what = groups.get("what") or match[3]
    number = int(groups.get("n") or match[1] or _SEATS[match[2].lower()])
    thing = _parts(what)
    if thing is None or number not in _SEATS_AR:
        return None
    return f"{thing[0]} {_SEATS_AR[number]}", f"{thing[1]}ی {number} کەسی"


def _joined(text: str, separator: str, arabic: str, kurdish: str) -> tuple[str, str] | None:
    head, found, tail = text.partition(separator)
    if not found:
        return None
    first, second = _parts(head), _parts(tail)
    if first is None or second is None:
        return None
    return f"{first[0]}{arabic}{second[0]}", f"{first[1]}{kurdish}{second[1]}"


def _parts(text: str) -> tuple[str, str] | None:
    """Arabic and Kurdish of one name, or None where a part of it is unknown."""
    text = text.strip()
    if known := _dictionary().get(text.lower()):
        return known.ar, known.ckb
    for pattern in (_of_drawers, _counted, _seats):
        if found := pattern(text):
            return found
    for separator, arabic, kurdish in (
        (" for ", " ل", " بۆ "),
        (" with ", " مع ", " لەگەڵ "),
        (" on ", " على ", " لەسەر "),
        (" and ", " و", " و "),
        ("+", " و", " و "),
        ("/", " / ", " / "),
    ):
        if found := _joined(text, separator, arabic, kurdish):
            return found
    return None


@cache
def furniture_kind(kind: str) -> Names:
    """A kind of furniture, as sellers write it in English, in three languages."""
    text = re.sub(r"\s+", " ", kind).strip()
    for short, full in _FULL:
        text = re.sub(short, full, text)
    parts = _parts(text)
    return Names(en=kind, ar=parts[0], ckb=parts[1]) if parts else Names(en=kind)


def furniture_title(*, title: str, series: str, kind: str) -> Names:
    """ "PAX Wardrobe 150x66x236 cm" in three languages; the series and the size stay as they are."""
    names = furniture_kind(kind)
    opening = f"{series} {kind}"
    if not names.ar or not title.startswith(opening):
        return Names(en=title)
    size = title.removeprefix(opening).strip().removesuffix("cm").strip()
    if not re.fullmatch(r"[\d./x]*", size) or size in {"0", "0x0"}:
        return Names(en=title, ar=f"{names.ar} {series}", ckb=f"{names.ckb} {series}")
    return Names(
        en=title,
        ar=f"{names.ar} {series}" + (f" بقياس {size} سم" if size else ""),
        ckb=f"{names.ckb} {series}" + (f" بە قەبارەی {size} سم" if size else ""),
    )


def laptop_title(*, title: str, brand: str, model: str, screen: str, memory: str, storage: str) -> Names:
    """A laptop's title in three languages; names and measures stay as they are."""
    if not all((brand, model, screen, memory, storage)):
        return Names(en=title)
    storage = re.sub(r"\s+", " ", storage).strip()
    return Names(
        en=re.sub(r"\s+", " ", title).strip(),
        ar=f"لابتوب {brand} {model} بشاشة {screen} بوصة وذاكرة {memory}GB وتخزين {storage}",
        ckb=f"لاپتۆپی {brand} {model} بە شاشەی {screen} ئینج و ڕامی {memory}GB و بیرگەی {storage}",
    )
