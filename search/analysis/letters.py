"""What all scripts share: one form for letters and digits that people type in several."""

from __future__ import annotations

import re
import sys
import unicodedata

_FOLDED = {
    # Tashkeel, Quranic marks and the superscript alef change how a word sounds, not which word it is.
    **dict.fromkeys([*range(0x0610, 0x061B), *range(0x064B, 0x0660), 0x0670, *range(0x06D6, 0x06ED)]),
    # Tatweel and invisible marks of direction; the zero-width non-joiner is dealt with by Sorani before.
    **dict.fromkeys([0x0640, 0x200B, 0x200D, 0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), 0xFEFF, 0x00AD]),
    0x200C: None,
    # Arabic and Persian digits.
    **{0x0660 + digit: str(digit) for digit in range(10)},
    **{0x06F0 + digit: str(digit) for digit in range(10)},
    # Alef with hamza or madda; yeh and kaf of every keyboard.
    **dict.fromkeys(map(ord, "أإآٱ"), "ا"),
    **dict.fromkeys(map(ord, "ىیېۍ"), "ي"),
    **dict.fromkeys(map(ord, "کڪ"), "ك"),
    **dict.fromkeys(map(ord, "ھہ"), "ه"),
    ord("ؤ"): "و",
    ord("ئ"): "ي",
    ord("ء"): None,
    # Decimal and thousands signs of Arabic numbers.
    0x066B: ".",
    0x066C: None,
    ord("ı"): "i",
}

#: A number keeps its decimal point ("15.6"), a model its digits ("i5"); a unit is a word of its own
#: ("256GB" is "256" and "gb"); an apostrophe inside a word does not split it.
_WORD = re.compile(r"\d+(?:[.,]\d+)+|\d+|[^\W\d_][^\W_]*(?:['’][^\W\d_]+)*")


#: Accents and whatever else stands on a letter.
_WITHOUT_ACCENTS = {code: None for code in range(sys.maxunicode + 1) if unicodedata.combining(chr(code))}


def fold_text(text: str) -> str:
    """NFKC, lower case, without accents, with one form for every letter and digit."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(_FOLDED)
    if text.isascii():
        return text
    if not unicodedata.is_normalized("NFD", text):
        text = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", text.translate(_WITHOUT_ACCENTS))


def words(text: str) -> list[str]:
    """Words and numbers of a folded text, in order."""
    return [word.replace("'", "").replace("’", "").replace(",", ".") for word in _WORD.findall(text)]
