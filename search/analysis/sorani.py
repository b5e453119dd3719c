"""Central Kurdish: one spelling for letters that keyboards differ in, and endings taken off.

The order of the endings (postposition, possessive, then definite, indefinite, plural, ezafe) follows
Salavati, Sheykh Esmaili and Akhlaghian, "Stemming for Kurdish Information Retrieval" (2013).
"""

from __future__ import annotations

import re

#: People write ە as ه, joined by a zero-width non-joiner or at a word's end, where keyboards lack it.
_HEH_FOR_AE = re.compile("[هھ](?:\u200c+|(?=[^\\w\u200c]|$))")
#: Carries a vowel at a word's beginning; Arabic keyboards and foreign names go without.
_CARRIER = re.compile(r"\bئ(?=[اەێۆوهیيىۊ])")

#: After letters.fold_text: those of Arabic keyboards and those of Kurdish ones, and letters of Arabic
#: that Kurdish speaks, and often writes, as others. ە and ه are one: keyboards without ە write both so.
_LETTERS = str.maketrans(
    {
        "ێ": "ي", "ۆ": "و", "ڵ": "ل", "ڕ": "ر", "ۊ": "و", "ڤ": "ف", "ى": "ي", "ة": "ه", "ە": "ه",
        "ص": "س", "ث": "س", "ط": "ت", "ض": "ز", "ظ": "ز", "ذ": "ز",
    }
)  # fmt: skip
_DOUBLED = re.compile(r"([وي])\1+")

_POSTPOSITIONS = (("هوه", 3), ("دا", 4))
_POSSESSIVES = (("مان", 4), ("تان", 4), ("يان", 4))
#: "-er" and "-est"; a foreign word's own ending leaves fewer letters.
_DEGREES = (("ترين", 3), ("تر", 3))
#: Longest first; each with the number of letters that must be left.
_ENDINGS = (
    ("يهكاني", 3), ("يهكانم", 3), ("يهكانت", 3), ("يهكان", 3), ("هكانم", 2), ("هكانت", 2),
    ("هكاني", 2), ("هكان", 2), ("كاني", 3), ("كان", 3), ("يهكهم", 3), ("يهكهي", 3), ("يهكه", 3), ("يهكي", 3),
    ("هكهم", 2), ("هكهت", 2),
    ("هكهي", 2), ("هكه", 2), ("كهم", 3), ("كهي", 3), ("كه", 3), ("يهك", 3), ("يكي", 3), ("يك", 3),
    ("اني", 4), ("انه", 2), ("ان", 3), ("يه", 3), ("هيه", 3), ("هي", 3), ("ي", 3), ("ه", 3),
)  # fmt: skip
#: The definite article loses its vowel behind another one only: دەرگاکە, but چاویلکە is one word.
_BEHIND_VOWELS = frozenset({"كاني", "كان", "كهم", "كهي", "كه", "يه"})
#: Words that end like others with an ending.
_WHOLE_WORDS = """
باران تاريك باريك ميوان نيشان درمان اسمان زمان ديوان بيابان ميدان فينجان فنجان كاپتان شانه دانه خانه
پهره بهيان گرانيت نيسان ليوان سينيتر فلتر ليتر پهيكان قوربان كوپي گهرميان زستان هاوينه پهنجه
"""
_WHOLE = frozenset(_WHOLE_WORDS.split())


def join_sorani(text: str) -> str:
    """Write ە with its own letter; must come before zero-width characters are dropped."""
    return _CARRIER.sub("", _HEH_FOR_AE.sub("ە", text))


def sorani_term(word: str) -> str:
    if not word or not "ء" <= word[0] <= "ۿ":
        return word
    word = _DOUBLED.sub(r"\1", word.translate(_LETTERS))
    if word in _WHOLE:
        return word
    word = _without(word, _POSTPOSITIONS)
    word = _without(word, _POSSESSIVES)
    shorter = _without(_without(word, _ENDINGS), _DEGREES)
    if shorter in _WHOLE:
        return shorter
    # What remains of a word that ends so itself: گوڵدان of گوڵدانەکان, گەرمکەرەوە of گەرمکەرەوەکان.
    shorter = _without(shorter, (("هو", 4), ("ان", 3)))
    # The vowel that carried the ending is written with it or not: "مێزە" and "مێز",
    # "کورسی" and "کورسییەکان".
    return shorter[:-1] if len(shorter) > 3 and shorter.endswith(("ه", "ي")) else shorter


def _without(word: str, endings: tuple[tuple[str, int], ...]) -> str:
    for ending, rest in endings:
        left = len(word) - len(ending)
        if not word.endswith(ending) or left < rest:
            continue
        if ending in _BEHIND_VOWELS and word[left - 1] not in "اوي":
            continue
        if ending == "انه" and word[left - 1] == "خ":
            continue
        return word[:left]
    return word
