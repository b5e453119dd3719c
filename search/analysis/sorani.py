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
#: What Arabic keyboards write instead, all of a word's at once and one by one; and the other way.
_INSTEAD = {"پ": "ب", "چ": "ج", "گ": "ك", "ژ": "ز"}
_KEYBOARDS = tuple(
    str.maketrans(letters)
    for pairs in (_INSTEAD, {other: own for own, other in _INSTEAD.items()})
    for letters in (pairs, *({one: other} for one, other in pairs.items()))
)
#: Of shorter words too many are another one.
_LEAST_FOR_KEYBOARDS = 5
_DOUBLED = re.compile(r"([وي])\1+")

_POSTPOSITIONS = (("هوه", 3), ("دا", 4))
_POSSESSIVES = (("مان", 4), ("تان", 4), ("يان", 4))
#: "-er" and "-est"; a foreign word's own ending leaves fewer letters.
_DEGREES = (("ترين", 3), ("تر", 3))
#: Longest first; each with the number of letters that must be left.
_ENDINGS = (
    ("يهكاني", 3), ("يهكانم", 3), ("يهكانت", 3), ("يهكان", 3), ("هكانم", 2), ("هكانت", 2),
    ("هكاني", 2), ("هكان", 2), ("كانم", 3), ("كانت", 3), ("كاني", 3), ("كان", 3),
    ("يهكهم", 3), ("يهكهي", 3), ("يهكه", 3), ("يهكي", 3),
    ("هكهم", 2), ("هكهت", 2),
    ("هكهي", 2), ("هكه", 2), ("كهم", 3), ("كهي", 3), ("كه", 3), ("يهك", 3), ("يكي", 3), ("يك", 3),
    ("اني", 4), ("انه", 2), ("ان", 3), ("يه", 3), ("هيه", 3), ("هي", 3), ("ي", 3), ("ه", 3),
)  # fmt: skip
#: The definite article loses its vowel behind another one only: دەرگاکە, but چاویلکە is one word.
_BEHIND_VOWELS = frozenset({"كانم", "كانت", "كاني", "كان", "كهم", "كهي", "كه", "يه"})
#: Words that end like others with an ending.
_WHOLE_WORDS = """
باران تاريك باريك ميوان نيشان درمان اسمان زمان ديوان بيابان ميدان فينجان فنجان كاپتان شانه دانه خانه
پهره بهيان گرانيت نيسان ليوان سينيتر فلتر ليتر پهيكان قوربان كوپي گهرميان زستان هاوينه پهنجه
"""
_WHOLE = frozenset(_WHOLE_WORDS.split())
#: Nouns whose last sounds are their own, where without them another noun would be left: an oven is no skirt,
#: a walnut no razor.
_OWN_WORDS = """
تهنوره تاوه قوري گويزان راسته كهره دهسته كوره ليفه پاره ماسي ميوه بويه سينه سهره
"""
_OWN = tuple(sorted({*_OWN_WORDS.split(), *_WHOLE}, key=len, reverse=True))
#: "-house" of a word: کتێبخانە.
_HOUSE = "خانه"
#: What stands behind a noun that ends in a vowel, and behind one that does not.
_BEHIND_OWN = frozenset(
    f"{ending}{whose}"
    for ending in ("", "ي", "كه", "كان", "يهك", "يك", "هكه", "هكان", "يهكه", "يهكان")
    for whose in ("", "ي", "م", "ت", "مان", "تان", "يان")
)


def join_sorani(text: str) -> str:
    """Write ە with its own letter; must come before zero-width characters are dropped."""
    return _CARRIER.sub("", _HEH_FOR_AE.sub("ە", text))


def sorani_term(word: str) -> str:
    if not word or not "ء" <= word[0] <= "ۿ":
        return word
    word = _DOUBLED.sub(r"\1", word.translate(_LETTERS))
    if word in _WHOLE:
        return word
    if own := _with_its_own_ending(word):
        return own
    if (place := word.find(_HOUSE)) > 1:
        return word[: place + len(_HOUSE)]
    word = _without(word, _POSTPOSITIONS)
    word = _without(word, _POSSESSIVES)
    shorter = _without(_without(word, _ENDINGS), _DEGREES)
    if shorter in _WHOLE:
        return shorter
    # What remains of a word that ends so itself: گوڵدان of گوڵدانەکان, گەرمکەرەوە of گەرمکەرەوەکان.
    shorter = _without(shorter, (("هوه", 4), ("هو", 4), ("ان", 3)))
    # The vowel that carried the ending is written with it or not: "مێزە" and "مێز",
    # "کورسی" and "کورسییەکان".
    return shorter[:-1] if len(shorter) > 3 and shorter.endswith(("ه", "ي")) else shorter


def _with_its_own_ending(word: str) -> str:
    for own in _OWN:
        if word.startswith(own):
            rest = word[len(own) :]
            if not rest or rest in _BEHIND_OWN:
                return own
    return ""


def sorani_guesses(word: str) -> list[str]:
    """Other terms that a document may have the word under.

    A noun of two letters keeps its ending, جلی and ژنان, since too little is left without. Keyboards without
    Kurdish letters write others for them.
    """
    own = sorani_term(word)
    guesses: dict[str, None] = {}
    if len(own) == 2:
        guesses |= {f"{own}ي": None, f"{own}ه": None, f"{own}ان": None}
    elif own[2:] == "ي" or (own[2:] == "ان" and not set(own[:2]) & set("اوي")):
        guesses[own[:2]] = None
    if len(own) >= _LEAST_FOR_KEYBOARDS:
        guesses |= {sorani_term(word.translate(letters)): None for letters in _KEYBOARDS}
    guesses.pop(own, None)
    return list(guesses)


def _without(word: str, endings: tuple[tuple[str, int], ...]) -> str:
    for ending, rest in endings:
        left = len(word) - len(ending)
        if not word.endswith(ending) or left < rest:
            continue
        if ending in _BEHIND_VOWELS and word[left - 1] not in "اوي":
            continue
        return word[:left]
    return word
