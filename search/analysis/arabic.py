"""A light stemmer for Arabic: takes off the article, what is written together with it, and endings.

Known nouns (``arabic_nouns``) come first, in whichever form. For other words light stemming is what finds
most without mixing words up: Larkey, Ballesteros and Connell, "Light Stemming for Arabic Information
Retrieval" (2007). Input has been through ``letters.fold_text``. Broken plurals that are not known are guessed
by pattern, for queries alone: a wrong guess then costs one query, not the index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from search.analysis.arabic_nouns import ADJECTIVES, SHARED, SINGULAR_OF, WITH_FORMS

#: Letters that Iraqis and Kurds write for sounds that Arabic has no letter for.
_LETTERS = str.maketrans(
    {
        "پ": "ب",
        "چ": "ج",
        "گ": "ك",
        "ژ": "ز",
        "ڤ": "ف",
        "ێ": "ي",
        "ۆ": "و",
        "ڵ": "ل",
        "ڕ": "ر",
        "ة": "ه",
        "ە": "ه",
    }
)
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
_LIKE_PREFIXES = ("ال", "بال")
#: "As" and "then": more foreign words begin so, كالسيوم.
_RARE_PREFIXES = ("كال", "فال")
#: Feminine endings first; those of a person's and of two and more.
_FEMININE = (("تين", 3), ("تان", 3), ("ات", 2), ("ه", 2))
_OTHERS = (("ين", 4), ("يه", 3), ("ها", 4), ("ي", 3))
#: Endings of known nouns, the letters that must be left, and what may stand in the ending's place.
_OF_NOUNS = (
    ("تين", 2, ("ه", "ا")), ("تان", 2, ("ه", "ا")), ("ات", 2, ("ه",)), ("ات", 4, ("", "ا")), ("ين", 2, ("",)),
    ("ان", 4, ("",)), ("ا", 4, ("ه",)),
)  # fmt: skip

#: Endings that belong to the word.
_WHOLE_WORDS = """
لبنان نيسان انسان رمضان شعبان عثمان سلطان قطران مرجان حيوان فستان استكان زعفران فنجان باذنجان ميزان
ايران ديوان عنوان بستان ميدان اسنان دهان كتان بنزين تمرين تخزين ياسمين سكين عجين تنين ميكروبين
كافيين فيتامين بروتين كولاجين وجه منبه فقه مياه مها شاي كوفي واي فاي تاي ذي هاي جي جبات بالون الماس
المانيا الكترون الكتروني الياف البوم المنيوم مسطرين
"""
_WHOLE = frozenset(_WHOLE_WORDS.split())
#: A shorter word with one letter before it is often another word.
_LEAST_BEHIND_A_LETTER = 4
#: "And" is written together with the next word; these begin with the letter itself.
_BEGIN_WITH_WAW = (
    "وساد", "وساي", "وحد", "ولاع", "ورق", "ورد", "ورود", "وعاء", "وعا", "وجه", "واجه", "وزن", "وصل",
    "واق", "ورش", "وشاح", "وقود", "وقت", "وكيل", "ولد", "واي", "وات", "ويند", "واير", "ويب", "وسط", "واحد",
    "واسع", "وثيق",
    "وظيف", "وصف", "وضع", "وشم", "وكال", "وول", "وود", "ونش", "والد", "وايت", "ويل", "ورنيش", "وفير", "وطن",
)  # fmt: skip


def arabic_term(word: str) -> str:
    if not word or not "ء" <= word[0] <= "ۿ":
        return word
    word = word.translate(_LETTERS)
    return _known_noun(word) or _stem(_without_prefix(word))


def _known_noun(word: str) -> str | None:
    """The singular of the known noun that the word is a form of, with or without an article."""
    bare = _without_prefix(word)
    for form in (word, bare):
        if form in SINGULAR_OF:
            return SINGULAR_OF[form]
    if noun := _inflected(word) or _inflected(bare):
        return noun
    # "With wheels", "for children": the letter goes where a known noun is left.
    if len(bare) > 3 and bare[0] in "بل" and bare not in _WHOLE:
        return _behind_a_letter(bare[1:])
    return None


def _behind_a_letter(word: str) -> str | None:
    if len(word) < _LEAST_BEHIND_A_LETTER:
        return SINGULAR_OF[word] if word in WITH_FORMS else None
    return SINGULAR_OF.get(word) or (_inflected(word) if len(word) > _LEAST_BEHIND_A_LETTER else None)


def _inflected(word: str) -> str | None:
    """Of which known noun the word is the plural or dual; its adjectives go by way of the stem."""
    for ending, least, instead in _OF_NOUNS:
        stem = word[: -len(ending)]
        if word.endswith(ending) and (len(stem) >= least or _is_foreign(stem, ending)):
            for last in instead:
                if (noun := SINGULAR_OF.get(f"{stem}{last}")) == f"{stem}{last}":
                    return noun
    return None


def _stem(word: str) -> str:
    if word in _WHOLE:
        return word
    stem = _without_ending(_loan_singular(word))
    noun = SINGULAR_OF.get(stem, stem)
    # "Wooden" is of wood; what ends in ين is of no plural: مشاهدين are not of مشاهد.
    return stem if word.endswith("ين") and noun != stem else noun


def _without_ending(word: str) -> str:
    for ending, rest in _FEMININE:
        stem = word[: -len(ending)]
        if word.endswith(ending) and len(stem) >= rest and not (ending == "ه" and word.endswith("يه")):
            return _masculine(stem) if _has_a_masculine(stem, ending) else f"{stem}ه"
    for ending, rest in _OTHERS:
        stem = word[: -len(ending)]
        if word.endswith(ending) and len(stem) >= rest:
            return _relative(stem, least=3 if ending == "ين" else 4)
    if word.endswith("يه") and len(word) == 4:
        return word[:-1]
    return _relative(word)


def _is_foreign(stem: str, ending: str) -> bool:
    """Whether the ending is the plural of a short foreign masculine: باصات, شالات."""
    return ending == "ات" and len(stem) == 3 and stem[1] in "اوي"


def _has_a_masculine(stem: str, ending: str) -> bool:
    """Whether the word without its feminine ending is the same thing.

    It mostly is of adjectives, which are long; not of short nouns nor of those that are like خزانة.
    """
    if stem in ADJECTIVES:
        return True
    # Of known nouns those of tools alone have both: مجفف, مجففة.
    if stem in SINGULAR_OF and not (stem[0] == "م" and len(stem) == 4 and SINGULAR_OF[stem] == stem):
        return False
    if len(stem) <= 3:
        return _is_foreign(stem, ending)
    return not (len(stem) == 4 and stem[2] in "او" and stem[0] != "م")


def _loan_singular(word: str) -> str:
    """Foreign words that end in a vowel: شامبوهات is of شامبو, بوفيهات of بوفيه, كاميرتين of كاميرا."""
    if len(word) >= 7 and word.endswith(("وهات", "يهات")):
        return word[:-2] if word.endswith("يهات") else word[:-3]
    return f"{word[:-1]}ه" if len(word) >= 5 and word.endswith("ا") and not word.endswith("ها") else word


def _masculine(stem: str) -> str:
    """What is left of a feminine, as far as its masculine is shortened."""
    if stem in _WHOLE:
        return stem
    if stem.endswith("ين") and len(stem) >= 6:
        return _relative(stem[:-2], least=3)
    return _relative(stem, least=3)


def _relative(stem: str, *, least: int = 4) -> str:
    # A relative adjective's yeh stands before the feminine ending: كهربائية and كهربائي are one.
    return stem[:-1] if stem.endswith("ي") and len(stem) > least else stem


def _without_prefix(word: str) -> str:
    if word in _WHOLE or (word.startswith(_LIKE_PREFIXES) and _stem(word) in _WHOLE):
        return word
    for prefix, rest in _PREFIXES:
        bare = word.removeprefix(prefix)
        if len(word) > len(bare) >= rest and (prefix not in _RARE_PREFIXES or _is_word(bare)):
            return bare
    if len(word) >= 5 and word.startswith("و") and not word.startswith(_BEGIN_WITH_WAW):
        return word[1:]
    return word


def _is_word(word: str) -> bool:
    return word in SINGULAR_OF or word.removesuffix("ه") in ADJECTIVES


# Queries ----------------------------------------------------------------------------------------
_C = "[ء-يٱ-ۿ]"
#: A shape and what a word of it may be the plural or the singular of. ``\1`` are its root's letters.
_SHAPES = tuple(
    (re.compile(f"^{shape.replace('C', '([بتثجحخدذرزسشصضطظعغفقكلمنهوي])')}$"), others)
    for shape, others in (
        ("CواCC", (r"\1ا\2\3", r"\1ا\2\3ه")),
        ("CواCيC", (r"\1ا\2و\3", r"\1ا\2و\3ه", r"\1ي\2ا\3")),
        ("CCايC", (r"\1\2ي\3ه", r"\1\2ا\3ه", r"\1\2و\3ه")),
        ("CCايا", (r"\1\2يه", r"\1ا\2يه")),
        ("CCاCC", (r"\1\2\3\4", r"\1\2\3\4ه")),
        ("CCاCيC", (r"\1\2\3ا\4", r"\1\2\3و\4", r"\1\2\3ي\4")),
        ("اCCاC", (r"\1\2\3",)),
        ("اCCCه", (r"\1\2ا\3", r"\1\2ي\3", r"\1\2و\3")),
        # Roots whose last two letters are one: أكمام of كم, قصص of قصة, سلال of سلة.
        (r"اC(?P<twin>C)ا(?P=twin)", (r"\1\2",)),
        (r"C(?P<twin>C)ا?(?P=twin)", (r"\1\2ه",)),
        ("CCه", (r"\1\2\2", r"\1\2ا\2")),
        ("CC", (r"ا\1\2ا\2",)),
        ("CCوC", (r"\1\2\3", r"ا\1\2\3ه")),
        ("CCيC", (r"ا\1\2\3ه",)),
        ("CاCC(?:ه)?", (r"\1وا\2\3",)),
        ("CاCوC(?:ه)?", (r"\1وا\2ي\3",)),
        ("CيCاC", (r"\1وا\2ي\3",)),
        ("CاCيه", (r"\1\2ايا",)),
        ("CCيه", (r"\1\2ايا",)),
        ("CCيCه", (r"\1\2اي\3",)),
        ("CCاCه", (r"\1\2اي\3",)),
        ("CCCC(?:ه)?", (r"\1\2ا\3\4",)),
        ("CCC[اوي]C", (r"\1\2ا\3ي\4",)),
        ("CCC", (r"ا\1\2ا\3", r"\1\2و\3")),
        ("CCاC", (r"ا\1\2\3ه",)),
    )
)
#: What is somebody's: "your car", "my room". In queries alone; documents speak to nobody.
_OWNED = (("تها", "ه"), ("تنا", "ه"), ("تكم", "ه"), ("تهم", "ه"), ("تك", "ه"), ("تي", "ه"), ("ته", "ه"),
          ("كم", ""), ("نا", ""), ("هم", ""), ("ك", ""))  # fmt: skip


def arabic_guesses(word: str) -> list[str]:
    """Other terms that a document may have the word under.

    Of known nouns these are plurals alone that they share with another. Of others broken plurals by their
    pattern, never those of a known noun; without "my", "your" and the like; and without and with و بـ لـ,
    where those may be part of the word or written to it.
    """
    if not word or not "ء" <= word[0] <= "ۿ":
        return []
    word = word.translate(_LETTERS)
    bare = _without_prefix(word)
    own = arabic_term(word)
    guesses: dict[str, None] = {}
    if not _known_noun(word):
        shapes = [*_by_shape(bare), *_both_genders(bare)]
        # ألبان has no article.
        shapes += _by_shape(word) if word != bare else ()
        guesses |= {arabic_term(form): None for form in shapes if not _known_noun(form)}
        guesses |= {arabic_term(form): None for form in (*_unowned(bare), *_unjoined(bare))}
        if len(own) >= _LEAST_BEHIND_A_LETTER:
            guesses |= dict.fromkeys(_stem(f"{letter}{bare}") for letter in "بل")
    guesses |= dict.fromkeys(SHARED.get(own, ()))
    guesses |= {form: None for form, nouns in SHARED.items() if own in nouns}
    guesses.pop(own, None)
    return list(guesses)


def _both_genders(word: str) -> Iterator[str]:
    """Plurals in ات of short nouns are of masculines or of feminines: قلابات is of قلاب, سدادات of سدادة."""
    stem = word.removesuffix("ات")
    if stem != word and len(stem) <= 4:
        yield from (stem, f"{stem}ه")
    elif len(word) == 4 and word[2] == "ا":
        yield f"{word}ه"


def _by_shape(word: str) -> Iterator[str]:
    for shape, others in _SHAPES:
        # A last ه is no letter of the root but where the shape says so.
        if word.endswith("ه") and not shape.pattern.endswith(("ه$", "ه)?$")):
            continue
        if match := shape.match(word):
            yield from (match.expand(other) for other in others)


def _unowned(word: str) -> Iterator[str]:
    for ending, instead in _OWNED:
        stem = word[: -len(ending)]
        if word.endswith(ending) and (len(stem) >= 3 or f"{stem}{instead}" in SINGULAR_OF):
            yield f"{stem}{instead}"


def _unjoined(word: str) -> Iterator[str]:
    """A noun behind a letter that is written to it."""
    if (word[0] in "بل" and len(word) >= 5) or (word[0] == "و" and word[1:] in SINGULAR_OF):
        yield word[1:]
