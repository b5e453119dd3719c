"""English by Snowball's stemmer ("Porter 2")."""

from __future__ import annotations

import threading

import snowballstemmer

_local = threading.local()


def english_term(word: str) -> str:
    if not word.isascii() or not word.isalpha():
        return word
    # A stemmer keeps the word it works on, so every thread has its own.
    stemmer = getattr(_local, "stemmer", None)
    if stemmer is None:
        stemmer = _local.stemmer = snowballstemmer.stemmer("english")
    return str(stemmer.stemWord(word))
