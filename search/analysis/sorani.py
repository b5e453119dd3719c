"""Central Kurdish: one spelling for letters that keyboards differ in, and endings taken off.

The order of the endings (postposition, possessive, then definite, indefinite, plural, ezafe) follows
Salavati, Sheykh Esmaili and Akhlaghian, "Stemming for Kurdish Information Retrieval" (2013).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from search.analysis.letters import fold_text
from search.analysis.sorani_nouns import ALIKE, GOODS, LOANS, OTHERS, PEOPLE

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
#: "-house" of a word: کتێبخانە.
_HOUSE = "خانه"
#: What is written to a noun: article or plural, then whose it is, then where it is or "too".
_ARTICLES = (
    "", "ي", "كه", "كان", "يهك", "هك", "يك", "هكه", "هكان", "يهكه", "يهكان", "ان", "يان", "تر", "ترين",
)  # fmt: skip
_BEHIND = frozenset(
    {f"{article}{whose}{place}"
     for article in _ARTICLES
     for whose in ("", "ي", "م", "ت", "مان", "تان", "يان")
     for place in ("", "دا", "هوه", "ش", "يش")
     if not whose or not article or article.endswith(("كه", "كان"))}
    | {"ه", "يه", "هيه", "انه", "ينه", "يكي", "يهكي", "هكي", "اني"}
)  # fmt: skip
#: Behind a term: the word may be of this noun, or of the one without its ە.
_OF_TWO = "+"
#: So many letters are left of a known word with whatever ending, and a bare plural, and with "my" or "your".
_LEAST_OF_KNOWN, _LEAST_BEFORE_PLURAL, _LEAST_BEFORE_WHOSE = 2, 4, 5


def join_sorani(text: str) -> str:
    """Write ە with its own letter; must come before zero-width characters are dropped."""
    return _CARRIER.sub("", _HEH_FOR_AE.sub("ە", text))


def _spelt(word: str) -> str:
    return _DOUBLED.sub(r"\1", word.translate(_LETTERS))


def _words(text: str) -> frozenset[str]:
    return frozenset(_spelt(word) for word in fold_text(join_sorani(text)).split())


_GOODS = _words(f"{GOODS} {LOANS}")
_KNOWN = _GOODS | _words(OTHERS)
_PEOPLE = _words(PEOPLE)
#: Words that no name of another script is written as, letters folded.
NATIVE = frozenset(fold_text(join_sorani(f"{GOODS} {OTHERS}")).split())
WRITTEN = NATIVE | frozenset(fold_text(join_sorani(LOANS)).split())


def _alike() -> dict[str, str]:
    groups = [fold_text(join_sorani(group)).split() for group in ALIKE.replace(";", "\n").splitlines()]
    return {word: _spelt(word) for group in groups for word in group}


#: Words as they are written with all letters, to how they are without.
_ALIKE = _alike()
_WRITTEN_ALIKE = {spelt: tuple(word for word in _ALIKE if _ALIKE[word] == spelt) for spelt in _ALIKE.values()}


def sorani_term(word: str) -> str:
    if not word or not "ء" <= word[0] <= "ۿ":
        return word
    if told := _told_apart(word):
        return told
    word = _spelt(word)
    return _known_word(word) or _stem(word)


def _known_word(word: str) -> str | None:
    """The known word that this one is a form of: rather goods than others, rather the longer one."""
    if word in _KNOWN:
        return word
    for known in (_GOODS, _KNOWN):
        for length in range(len(word) - 1, _LEAST_OF_KNOWN - 1, -1):
            base, ending = word[:length], word[length:]
            if base in known and ending in _BEHIND and _may_end(base, ending):
                is_shared = base[-1] == "ه" and {base, base[:-1]} <= _GOODS and f"ه{ending}" in _BEHIND
                return f"{base}{_OF_TWO}" if is_shared else base
    return None


def _told_apart(word: str) -> str | None:
    """The word, of those that look alike without Kurdish letters, that this one is a form of."""
    for length in range(len(word), _LEAST_OF_KNOWN - 1, -1):
        base = word[:length]
        if base in _ALIKE and (length == len(word) or _spelt(word[length:]) in _BEHIND):
            known = _known_word(_spelt(word))
            return base if known is None or known == _ALIKE[base] else None
    return None


def _may_end(word: str, ending: str) -> bool:
    if ending[0] in "مت" and not ending.startswith("تر"):
        return len(word) >= _LEAST_BEFORE_WHOSE
    if ending == "ان":
        return len(word) >= _LEAST_BEFORE_PLURAL or word in _PEOPLE
    if ending[0] == "ك" and word[-1] not in "اويه":
        # The article loses its vowel behind another one only.
        return False
    return len(word) > _LEAST_OF_KNOWN or ending == "ي" or len(ending) > 1


def _stem(word: str) -> str:
    if (place := word.find(_HOUSE)) > 1:
        return word[: place + len(_HOUSE)]
    # A last ە is mostly the word's own, and not "is".
    if len(word) > 3 and word.endswith("ه") and not word.endswith(("هكه", "اكه", "وكه", "يكه", "هيه", "هوه")):
        return word
    word = _without(word, _POSTPOSITIONS)
    word = _without(word, _POSSESSIVES)
    shorter = _without(_without(word, _ENDINGS), _DEGREES)
    if shorter in _KNOWN:
        # With an ending that it takes it would have been known before.
        return word
    # What remains of a word that ends so itself: گوڵدان of گوڵدانەکان, گەرمکەرەوە of گەرمکەرەوەکان.
    shorter = _without(shorter, (("هوه", 4), ("هو", 4), ("ان", 3)))
    # The vowel that carried the ending is written with it or not: "کورسی" and "کورسییەکان".
    return shorter[:-1] if len(shorter) > 3 and shorter.endswith(("ه", "ي")) else shorter


def sorani_guesses(word: str) -> list[str]:
    """Other terms that a document may have the word under.

    Of a known word these are forms that it shares with another. Of others, the last ە may be the word's own
    or not; a noun of two letters keeps its ending, جلی and ژنان, since too little is left without; and
    keyboards without Kurdish letters write others for them.
    """
    own = sorani_term(word)
    spelt = _spelt(word)
    if own in _ALIKE:
        # Written without Kurdish letters it may be meant, unless that is another word.
        return [] if _ALIKE[own] in _ALIKE else [_ALIKE[own]]
    if own in _WRITTEN_ALIKE:
        return list(_WRITTEN_ALIKE[own])
    if own.endswith(_OF_TWO):
        return [own[:-1], own[:-2]]
    guesses: dict[str, None] = {}
    if own in _KNOWN:
        with_vowel = own if own.endswith("ه") else f"{own}ه"
        if {with_vowel, with_vowel[:-1]} <= _GOODS:
            guesses[f"{with_vowel}{_OF_TWO}"] = None
        return list(guesses)
    guesses |= dict.fromkeys(_with_and_without_vowel(spelt, own))
    if len(own) == 2:
        guesses |= {f"{own}{ending}": None for ending in ("ي", "ه", "ان") if f"{own}{ending}" not in _KNOWN}
    elif own[2:] == "ي" or (own[2:] == "ان" and not set(own[:2]) & set("اوي")):
        guesses[own[:2]] = None
    typed = [sorani_term(word.translate(letters)) for letters in _KEYBOARDS]
    guesses |= {
        term: None for term in typed if len(own) >= _LEAST_FOR_KEYBOARDS or (len(own) > 3 and term in _GOODS)
    }
    guesses.pop(own, None)
    return list(guesses)


def _with_and_without_vowel(word: str, own: str) -> Iterator[str]:
    """The ە of the article and a word's own are one in its forms; some write ی for both."""
    with_vowel = f"{own}ه"
    if own == word and word.endswith("ه") and word[:-1] not in _KNOWN:
        yield word[:-1]
    elif (word.startswith(with_vowel) and with_vowel not in _KNOWN) or (
        word == f"{own}ي" and with_vowel in _GOODS
    ):
        yield with_vowel


def _without(word: str, endings: tuple[tuple[str, int], ...]) -> str:
    for ending, rest in endings:
        left = len(word) - len(ending)
        if not word.endswith(ending) or left < rest:
            continue
        if ending in _BEHIND_VOWELS and word[left - 1] not in "اوي":
            continue
        return word[:left]
    return word
