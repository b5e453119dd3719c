"""A light stemmer for Arabic: takes off the article, what is written together with it, and endings.

Light stemming is what finds most without mixing words up: Larkey, Ballesteros and Connell, "Light
Stemming for Arabic Information Retrieval" (2007). Input has been through ``letters.fold_text``. Broken
plurals, which no ending shows, are known (``arabic_plurals``) or guessed by pattern, the latter for
queries alone: a wrong guess then costs one query, not the index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from search.analysis.arabic_plurals import KNOWN, SINGULAR_OF

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
#: Feminine endings first; those of a person's and of two and more.
_FEMININE = (("تين", 3), ("تان", 3), ("ات", 2), ("ه", 2))
_OTHERS = (("ان", 3), ("ين", 3), ("يه", 3), ("ها", 3), ("ي", 3))

#: Nouns whose feminine is another thing: a desk is no bookcase, a tank no wardrobe, a plate no layer.
_FEMININE_ALONE_WORDS = """
مكتب خزان شاش عرب طابع بدل عدس طبق قدر درج حجر حلق مرتب دراج حب جبن لبن شمع نحل سن قط محفظ حفل شبك
دور رقب سل كر فرش رسال بصم حبل مدرس سور نظار كنب بطاق قبع حلو رس لوح ثان مجمع نسخ تمر صف موز حمام
شاحن كتاب بشر جمل جامع طاير قطار برد عمل قسم معد تنور
"""
_FEMININE_ALONE = frozenset(_FEMININE_ALONE_WORDS.split())
#: Endings that belong to the word.
_WHOLE_WORDS = """
لبنان نيسان انسان رمضان شعبان عثمان سلطان قطران مرجان حيوان فستان استكان زعفران فنجان باذنجان ميزان
ايران ديوان عنوان بستان ميدان اسنان دهان كتان بنزين تمرين تخزين ياسمين سكين عجين تنين ميكروبين
كافيين فيتامين بروتين كولاجين وجه منبه فقه مياه مها شاي كوفي واي فاي تاي ذي هاي جي جبات بالون الماس
المانيا الكترون الكتروني الياف البوم المنيوم مسطرين
"""
_WHOLE = frozenset(_WHOLE_WORDS.split())
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
    return _stem(_singular(word.translate(_LETTERS)))


def _singular(word: str) -> str:
    """Without the article, and in the singular where the word is known."""
    bare = _without_prefix(word)
    for form in (word, bare):
        if form in KNOWN:
            return SINGULAR_OF.get(form, form)
    # "With wheels", "for children": the letter goes where a known noun is left.
    if bare[0] in "بل" and len(bare) > 3 and bare[1:] in KNOWN and bare not in _WHOLE:
        return SINGULAR_OF.get(bare[1:], bare[1:])
    return bare


def _stem(word: str) -> str:
    if word in _WHOLE:
        return word
    word = _loan_singular(word)
    for ending, rest in _FEMININE:
        stem = word[: -len(ending)]
        if word.endswith(ending) and len(stem) >= rest and not (ending == "ه" and word.endswith("يه")):
            return f"{stem}ه" if len(stem) == 2 or stem in _FEMININE_ALONE else _masculine(stem)
    for ending, rest in _OTHERS:
        if word.endswith(ending) and len(word) - len(ending) >= rest:
            return _relative(word[: -len(ending)], least=3 if ending in {"ان", "ين"} else 4)
    if word.endswith("يه") and len(word) == 4:
        return word[:-1]
    return _relative(word)


def _loan_singular(word: str) -> str:
    """Foreign words that end in a vowel: شامبوهات is of شامبو, بوفيهات of بوفيه, كاميرتين of كاميرا."""
    if len(word) >= 7 and word.endswith(("وهات", "يهات")):
        return word[:-2] if word.endswith("يهات") else word[:-3]
    return word[:-1] if len(word) >= 5 and word.endswith("ا") and not word.endswith("ها") else word


def _masculine(stem: str) -> str:
    """What is left of a feminine: as far as its masculine is shortened, برطمانات as برطمان."""
    if stem in _WHOLE:
        return stem
    for ending, rest in (("ان", 3), ("ين", 4)):
        if stem.endswith(ending) and len(stem) - len(ending) >= rest:
            return _relative(stem[: -len(ending)], least=3)
    return _relative(stem, least=3)


def _relative(stem: str, *, least: int = 4) -> str:
    # A relative adjective's yeh stands before the feminine ending: كهربائية and كهربائي are one.
    return stem[:-1] if stem.endswith("ي") and len(stem) > least else stem


def _without_prefix(word: str) -> str:
    if word in _WHOLE or (word.startswith(_LIKE_PREFIXES) and _stem(word) in _WHOLE):
        return word
    for prefix, rest in _PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= rest:
            return word[len(prefix) :]
    if len(word) >= 5 and word.startswith("و") and not word.startswith(_BEGIN_WITH_WAW):
        return word[1:]
    return word


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
#: A shorter word with one letter before it is often another word.
_LEAST_BEHIND_A_LETTER = 4


def arabic_guesses(word: str) -> list[str]:
    """Other terms that a document may have the word under.

    Broken plurals by their pattern; without "my", "your" and the like, and without and with و بـ لـ, where
    those may be part of the word or written to it.
    """
    if not word or not "ء" <= word[0] <= "ۿ":
        return []
    bare = _without_prefix(word.translate(_LETTERS))
    own = arabic_term(word)
    guesses: dict[str, None] = {}
    if bare not in KNOWN and own not in KNOWN:
        forms = [*_by_shape(bare), *_unowned(bare), *_unjoined(bare)]
        # ألبان has no article.
        forms += _by_shape(word) if word != bare else ()
        guesses |= {arabic_term(form): None for form in forms}
    if len(own) >= _LEAST_BEHIND_A_LETTER:
        guesses |= dict.fromkeys(_stem(f"{letter}{bare}") for letter in "بل")
    guesses.pop(own, None)
    return list(guesses)


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
        if word.endswith(ending) and len(stem) >= 3:
            yield f"{stem}{instead}"


def _unjoined(word: str) -> Iterator[str]:
    """The dual of a short noun, and a noun behind a letter that is written to it."""
    if word.endswith(("ين", "ان")) and len(word) == 4 and word[:2] in KNOWN:
        yield word[:2]
    if (word[0] in "بل" and len(word) >= 5) or (word[0] == "و" and word[1:] in KNOWN):
        yield word[1:]
