"""Words that must meet, and words that must stay apart, language by language."""

from __future__ import annotations

import re

import pytest

from search.analysis import analyse, query_terms, query_words
from search.analysis.arabic_nouns import SHARED, SINGULAR_OF
from search.analysis.sorani import WRITTEN

ARABIC_SAME = [
    ("الكرسي", "كرسي"), ("كراسي", "الكراسي"), ("طاولة", "طاوله"), ("طاولة", "الطاولة"), ("طاولات", "طاولة"),
    ("هاتف", "الهاتف"), ("أثاث", "اثاث"), ("إضاءة", "اضاءة"), ("مُكَيِّف", "مكيف"), ("كـــرسي", "كرسي"),
    ("غسالة", "غسالات"), ("ثلاجة", "ثلاجات"), ("شاشة", "بالشاشة"), ("شاشة", "للشاشة"),
    ("كهربائي", "كهربائية"), ("خشبي", "خشبية"), ("معدني", "المعدنية"), ("مستعمل", "مستعملة"),
    ("حاسوب", "والحاسوب"), ("مكتب", "المكتب"), ("سرير", "السرير"), ("لوحة", "اللوحة"),
    ("محمول", "المحمولة"), ("جديد", "جديدة"), ("طابعة", "طابعات"), ("سماعة", "سماعات"), ("أحمر", "احمر"),
    ("آلة", "الة"), ("مرآة", "مراة"), ("٢٥٦", "256"), ("۲۵۶", "256"), ("أريكة", "اريكه"),
    ("ماكينة", "ماكينات"), ("عربية", "العربية"),
]  # fmt: skip
ARABIC_APART = [
    ("كرسي", "سرير"), ("هاتف", "هدف"), ("مكتب", "كتاب"), ("مكتب", "مكتبة"), ("خزان", "خزانة"),
    ("درج", "درجات"), ("بنز", "بنزين"), ("شاشة", "شاحنة"), ("طاولة", "طابعة"),
    ("ولد", "بلد"), ("والي", "مالي"), ("بال", "مال"), ("غسالة", "غزالة"), ("خشب", "خشن"),
    ("ثلاجة", "ثلاثة"), ("وسادة", "سادة"), ("فيل", "فلفل"), ("لوح", "لوز"), ("كهرباء", "كبرياء"),
]  # fmt: skip
SORANI_SAME = [
    ("مێز", "مێزەکە"), ("مێز", "مێزێک"), ("کورسی", "کورسییەکان"), ("مێز", "مێزەکان"),
    ("تەلەفۆن", "تەلەفۆنەکە"), ("تەلەفۆن", "تەلەفۆنێک"), ("لاپتۆپ", "لاپتۆپەکان"), ("ته‌له‌فۆن", "تەلەفۆن"),
    ("مێزه", "مێزە"), ("كورسي", "کورسی"), ("شاشە", "شاشەکە"), ("شاشە", "شاشەکان"), ("سەلاجە", "سەلاجەکە"),
    ("تەختە", "تەختەکە"), ("مۆبایل", "مۆبایلەکان"), ("مۆبایل", "مۆبایلێک"), ("گۆرانی", "گۆرانییەکان"),
    ("ماڵ", "مالەکە"), ("ماڵ", "ماڵەوە"), ("بەردی", "بەرد"), ("دارین", "دارین"), ("ژوور", "ژوورەکان"),
    ("ژوور", "ژوورێک"), ("کتێب", "کتێبەکەی"), ("پەنجەرە", "پەنجەرەکە"), ("دەرگا", "دەرگاکە"),
    ("دەرگا", "دەرگاکان"), ("قەنەفە", "قەنەفەکان"), ("۱۵", "15"), ("١٥", "15"),
    ("کۆمپیوتەر", "کۆمپیوتەرەکەمان"), ("ھاوین", "هاوین"),
]  # fmt: skip
SORANI_APART = [
    ("مێز", "میوە"), ("کورسی", "کوردی"), ("شاشە", "شەش"), ("ماڵ", "مار"), ("تەختە", "تەلەفۆن"),
    ("ژوور", "ژیان"), ("دەرگا", "دەریا"), ("کتێب", "کچ"), ("مۆبایل", "مۆم"), ("سەلاجە", "سەوز"),
    ("بەرد", "بەرز"), ("گوڵ", "گورگ"),
]  # fmt: skip
ENGLISH_SAME = [
    ("chairs", "chair"), ("Tables", "table"), ("laptops", "Laptop"), ("wireless", "WIRELESS"),
    ("shelves", "shelve"), ("batteries", "battery"), ("charging", "charged"), ("L'Oréal", "loreal"),
    ("café", "cafe"), ("ＳＳＤ", "ssd"), ("2TB", "2tb"), ("15.6", "15,6"), ("Straße", "strasse"),
    ("covers", "cover"), ("cupboards", "cupboard"),
]  # fmt: skip
ENGLISH_APART = [
    ("wireless", "wire"), ("winter", "wine"), ("tablet", "table"), ("i5", "i7"), ("printer", "point"),
    ("desk", "disk"), ("lamp", "lap"), ("mousse", "mouse"), ("15.6", "156"), ("universe", "unit"),
]  # fmt: skip

SAME = (
    [("ar", *pair) for pair in ARABIC_SAME]
    + [("ckb", *p) for p in SORANI_SAME]
    + [("en", *p) for p in ENGLISH_SAME]
)
APART = (
    [("ar", *pair) for pair in ARABIC_APART]
    + [("ckb", *p) for p in SORANI_APART]
    + [("en", *p) for p in ENGLISH_APART]
)


@pytest.mark.parametrize(("language", "one", "other"), SAME)
def test_these_words_meet(language: str, one: str, other: str) -> None:
    assert analyse(one, language) == analyse(other, language) != []


@pytest.mark.parametrize(("language", "one", "other"), APART)
def test_these_words_stay_apart(language: str, one: str, other: str) -> None:
    assert analyse(one, language) != analyse(other, language)


def test_no_known_arabic_noun_is_taken_for_another() -> None:
    singulars = set(SINGULAR_OF.values())
    for form, singular in SINGULAR_OF.items():
        (term,), *guesses = query_terms(form, "ar")
        assert term == singular
        assert {guess for terms in guesses for guess in terms} & singulars <= {
            word for shared, nouns in SHARED.items() for word in (shared, *nouns) if term in (shared, *nouns)
        }


def test_no_known_sorani_word_is_taken_for_one_that_is_written_otherwise() -> None:
    """Letters that Arabic keyboards lack may differ: see ``ALIKE`` for words that they alone tell apart."""
    folded = str.maketrans("ێۆڵڕەڤثظ", "يولرهفسز")
    words: dict[str, set[str]] = {}
    for word in WRITTEN:
        words.setdefault(analyse(word, "ckb")[0], set()).add(
            re.sub(r"([وي])\1", r"\1", word.translate(folded))
        )
    mixed_up = [spellings for spellings in words.values() if len(spellings) > 1]
    assert not mixed_up


@pytest.mark.parametrize(
    ("one", "other"), [("شیر", "شێر"), ("گوڵ", "گۆڵ"), ("گوڵەکان", "گۆڵ"), ("سۆپا", "سوپا"), ("کوڕ", "کوور")]
)
def test_kurdish_letters_tell_words_apart(one: str, other: str) -> None:
    assert analyse(other, "ckb") not in query_terms(one, "ckb")
    assert analyse(one, "ckb") not in query_terms(other, "ckb")


def test_a_flower_is_found_however_it_is_typed() -> None:
    assert analyse("گوڵ", "ckb") in query_terms("گول", "ckb")
    assert analyse("گول", "ckb") in query_terms("گوڵ", "ckb")


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Intel Core i5, 8GB / 256GB SSD", ["intel", "core", "i5", "8", "gb", "256", "gb", "ssd"]),
        ('13.3" 51x51 cm', ["13.3", "51", "x51", "cm"]),
        ("AT&T", ["at", "t"]),
        ("***", []),
    ],
)
def test_names_and_codes_are_folded_but_never_cut(text: str, terms: list[str]) -> None:
    assert analyse(text, "plain") == terms


def test_little_words_are_left_out_of_a_query_that_has_others() -> None:
    assert query_words("lamp for the table") == ["lamp", "table"]
    assert query_words("the") == ["the"]


def test_a_plural_of_two_nouns_finds_both() -> None:
    """Cupboards or tanks: nobody but who typed it knows."""
    meant = {term for terms in query_terms("خزانات", "ar") for term in terms}
    assert {analyse(word, "ar")[0] for word in ("خزانة", "خزان", "خزانات")} <= meant
    assert set(analyse("خزانة", "ar")).isdisjoint(analyse("خزان", "ar"))
