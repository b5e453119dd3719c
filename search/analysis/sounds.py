"""Names that stand in another script: Samsung, سامسونج and سامسۆنگ sound alike, and so are one.

A word becomes rows of signs, as Arabic would write it: consonants in classes (p and b are one), ``A``,
``U`` and ``I`` where a vowel is written. An Arabic word is one row. A Latin word may be written in several
ways, a Sorani word with its short ە or without; they are the likeliest of those rows. Two words are
one name if they share a row. Words only meet words of *another* script: within one, spelling tells more
than sound.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from search.analysis.arabic_nouns import is_native
from search.analysis.sorani import NATIVE as NATIVE_SORANI

LATIN, ARABIC, SORANI = "l", "a", "k"
#: Rows of fewer signs than this are too many words; short names are in the vocabulary.
LEAST_SIGNS = 4
LEAST_CONSONANTS = 2
MOST_ROWS = 10
#: So many consonants in a row are one name alone, whichever vowels are written between them.
LEAST_SKELETON = 5

_LATIN_CONSONANTS = (
    ("tsch", "C"), ("chr", "KR"), ("sch", "C"), ("tch", "C"), ("sh", "C"), ("ch", "C"), ("ph", "F"),
    ("th", "T"), ("gh", "G"),
    ("kh", "K"), ("dh", "D"), ("dg", "G"), ("ck", "K"), ("cc", "K"), ("qu", "K"), ("x", "KS"), ("c", "K"),
    *((letter, "B") for letter in "bp"), ("t", "T"), ("d", "D"), *((letter, "G") for letter in "gj"),
    *((letter, "K") for letter in "kq"),
    *((letter, "S") for letter in "sz"), *((letter, "F") for letter in "fv"),
    ("l", "L"), ("r", "R"), ("m", "M"), ("n", "N"), ("h", "H"),
)  # fmt: skip
#: How Arabic writes a vowel, the likeliest first.
_LATIN_VOWELS: dict[str, tuple[str, ...]] = {
    "a": ("A", "I", ""), "e": ("I", ""), "i": ("I", "AI", ""), "o": ("U", ""), "u": ("U", ""),
    "y": ("I", "AI"), "w": ("U",), "oo": ("U",), "ou": ("U",), "ow": ("U", "AU"), "ee": ("I",),
    "ea": ("I", "IA"),
    "ie": ("I",), "ei": ("I", "AI"), "ai": ("I", "AI"), "ay": ("I", "AI"), "au": ("U", "A"), "aw": ("U",),
    "eu": ("U", "IU"), "ew": ("IU", "U"), "oa": ("U",), "ue": ("U",), "io": ("IU",), "ia": ("IA",),
    "eo": ("IU",), "oi": ("UI",), "ua": ("UA",), "ui": ("UI",), "aa": ("A",), "ae": ("A", "AI"),
}  # fmt: skip
_FIRST_VOWELS: dict[str, tuple[str, ...]] = {
    "a": ("A", "AI"), "e": ("A", "AI"), "i": ("A", "AI"), "o": ("AU", "A"), "u": ("A", "AU", "IU"),
    "y": ("I",),
    "w": ("U",),
}  # fmt: skip
_ARABIC_SIGNS = {
    **dict.fromkeys("بپ", "B"), **dict.fromkeys("تطث", "T"), "د": "D", **dict.fromkeys("جگغژ", "G"),
    **dict.fromkeys("كخق", "K"), **dict.fromkeys("سزص", "S"), **dict.fromkeys("فڤ", "F"),
    **dict.fromkeys("لڵ", "L"), **dict.fromkeys("رڕ", "R"), "م": "M", "ن": "N", "ه": "H",
    **dict.fromkeys("شچ", "C"), "ا": "A", **dict.fromkeys("وۆ", "U"), **dict.fromkeys("يێ", "I"),
}  # fmt: skip
#: No foreign name is written with these.
_NATIVE = frozenset("حعضظذقةصئؤء")
_KURDISH = frozenset("ەێۆپچگڤڵڕژ")
_VOWELS = re.compile("[AUI]")
_REPEATED = re.compile(r"(.)\1+")
_LATIN_PIECE = re.compile(
    "|".join([*sorted(_LATIN_VOWELS, key=len, reverse=True), *(p for p, _ in _LATIN_CONSONANTS)])
)


def script_of(word: str) -> str | None:
    """Of a folded word; None for numbers and codes."""
    if word.isascii():
        return LATIN if word.isalpha() else None
    if not all("ء" <= letter <= "ۿ" for letter in word):
        return None
    return SORANI if _KURDISH & set(word) else ARABIC


@lru_cache(maxsize=50_000)
def document_sounds(word: str) -> tuple[str, ...]:
    """The terms that a document's word is found under by words of other scripts."""
    return tuple(f"{script_of(word)}{row}" for row in _rows(word))


@lru_cache(maxsize=50_000)
def query_sounds(word: str) -> tuple[str, ...]:
    """The terms to look for, any of which will do."""
    others = [script for script in (LATIN, ARABIC, SORANI) if script != script_of(word)]
    return tuple(f"{script}{row}" for script in others for row in _rows(word))


def _rows(word: str) -> list[str]:
    if word in NATIVE_SORANI or is_native(word):
        return []
    match script_of(word):
        case "l":
            return _telling(_latin_rows(word))
        case "k":
            return _telling([row for form in _forms(word) for row in _sorani_rows(form)])
        case "a" if not _NATIVE & set(word):
            # تش is how Arabic writes "ch"; a last ه an open vowel; ال is an article or of the name.
            spelt = re.sub("ه$", "ا", word.replace("تش", "ش"))
            bare = [spelt[2:]] if spelt.startswith("ال") and len(spelt) > LEAST_SIGNS + 1 else []
            return _telling(
                "".join(_ARABIC_SIGNS.get(letter, "") for letter in form) for form in [*bare, spelt]
            )
    return []


_BEHIND_NAMES = re.compile("(?:ە?کان|ە?كان|ەکە|ەكە|ێک|ێك|ی|ي)(?:ی|ي)?$")


def _forms(word: str) -> list[str]:
    """The word without what Kurdish writes to a name, which the name's other spellings lack, and as it is."""
    bare = _BEHIND_NAMES.sub("", word)
    return [bare, word] if LEAST_SIGNS - 1 <= len(bare) < len(word) else [word]


def _telling(rows: Iterable[str]) -> list[str]:
    single = dict.fromkeys(_REPEATED.sub(r"\1", row) for row in rows)
    telling = [
        row for row in single if len(row) >= LEAST_SIGNS and len(_VOWELS.sub("", row)) >= LEAST_CONSONANTS
    ][:MOST_ROWS]
    skeletons = dict.fromkeys(_VOWELS.sub("", row) for row in telling)
    return [*telling, *(f"-{row}" for row in skeletons if len(row) >= LEAST_SKELETON)]


def _sorani_rows(word: str) -> list[str]:
    signs = "".join("E" if letter == "ە" else _ARABIC_SIGNS.get(letter, "") for letter in word)
    if signs.startswith(("U", "I")):
        signs = f"A{signs}"
    if signs.startswith("E"):
        signs = f"A{signs[1:]}"
    with_all, with_none = signs.replace("E", "A"), signs.replace("E", "")
    first_kept = signs.replace("E", "A", 1).replace("E", "")
    last_kept = "A".join(signs.rsplit("E", 1)).replace("E", "")
    # "e" of a name, which Arabic writes ي, is ە to Kurdish as well.
    as_yeh = signs.replace("E", "I")
    return [with_none, with_all, first_kept, last_kept, as_yeh]


def _latin_rows(word: str) -> list[str]:
    if word.startswith("x"):
        word = f"s{word[1:]}"
    word = re.sub(r"c(?=[eiy])", "s", word)
    # An h behind a vowel only makes it longer; a last e behind a consonant is not spoken.
    word = re.sub(r"(?<=[aeou])h(?=[^aeiouy]|$)", "", word)
    word = re.sub(r"(?<=[^aeiou])e$", "", word) if len(word) > 3 else word
    consonants = dict(_LATIN_CONSONANTS)
    rows = [(0, "")]
    for place, piece in enumerate(_LATIN_PIECE.findall(word)):
        if piece in consonants:
            ways: tuple[str, ...] = (consonants[piece],)
        else:
            ways = _FIRST_VOWELS.get(piece, _LATIN_VOWELS[piece]) if place == 0 else _LATIN_VOWELS[piece]
        rows = [(doubt + number, row + way) for doubt, row in rows for number, way in enumerate(ways)]
        # The likeliest go on; a long word would have hundreds.
        rows = sorted(rows, key=lambda found: found[0])[: 4 * MOST_ROWS]
    return [row for _, row in rows]
