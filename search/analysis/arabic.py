"""A light stemmer for Arabic: takes off the article, what is written together with it, and endings.

Light stemming is what finds most without mixing words up: Larkey, Ballesteros and Connell, "Light
Stemming for Arabic Information Retrieval" (2007). Input has been through ``letters.fold_text``.
"""

from __future__ import annotations

#: Longest first; each with the number of letters that must be left.
_PREFIXES = (
    ("وبال", 3),
    ("وال", 3),
    ("بال", 3),
    ("كال", 3),
    ("فال", 3),
    ("ولل", 3),
    ("ال", 2),
    ("لل", 3),
)
_SUFFIXES = (
    ("ات", 2), ("ان", 3), ("ين", 3), ("ون", 3), ("ية", 3), ("يه", 3), ("ها", 3), ("ه", 2), ("ة", 2), ("ي", 3),
)  # fmt: skip


def arabic_term(word: str) -> str:
    if not word or not "ء" <= word[0] <= "ۿ":
        return word
    stem = _without_prefix(word)
    for suffix, rest in _SUFFIXES:
        if stem.endswith(suffix) and len(stem) - len(suffix) >= rest:
            stem = stem[: -len(suffix)]
            break
    # A relative adjective's yeh stands before the feminine ending: كهربائية and كهربائي are one.
    if stem.endswith("ي") and len(stem) > 4:
        stem = stem[:-1]
    return stem


def _without_prefix(word: str) -> str:
    for prefix, rest in _PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= rest:
            return word[len(prefix) :]
    # "and" is written together with the next word; alone it would be the first letter of many words.
    if word.startswith("و") and len(word) >= 6:
        return word[1:]
    return word
