"""Fields of a Haystack index that the engines here know more about than Haystack does."""

from __future__ import annotations

from typing import Any

from haystack import indexes

from search.analysis import PLAIN


class AnalysedField(indexes.CharField):
    """Text in one language (or none: ``plain``), found by its words; ``boost`` weighs its matches.

    ``within`` names a field of the same language, to which an engine may add this one's text: then that one
    alone tells which documents match, and this one only how well.
    """

    def __init__(self, *, language: str = PLAIN, within: str = "", **kwargs: Any) -> None:
        self.language = language
        self.within = within
        super().__init__(stored=kwargs.pop("stored", False), **kwargs)


class KeywordsField(indexes.MultiValueField):
    """Exact values, as they are, any number of them; a document is counted once for each.

    ``in_sets``: documents share their sets of values. A set is kept as one value beside, which an engine
    counts several times faster. Fields that name the same set, of few values each, are counted in one go.
    """

    exact = True

    def __init__(self, *, in_sets: bool | str = False, **kwargs: Any) -> None:
        self.in_sets = in_sets
        super().__init__(stored=kwargs.pop("stored", False), **kwargs)


class RangedField(indexes.IntegerField):
    """A whole number that is counted in round ranges."""


class HalvingField(indexes.BooleanField):
    """Yes or no, of every document; one field of an index may be of this kind.

    Sets and round ranges are counted for both halves at once, so that a search within one half, whose own
    facet counts both, needs a single pass and no filter.
    """


class KeyedField(indexes.SearchField):
    """Exact values by key, for properties that documents of one kind have: looked for as ``name.key``."""

    field_type = "keyed"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(stored=False, **kwargs)


class KeyedNumbersField(KeyedField):
    """The same with numbers, which can be looked for by range."""

    field_type = "keyed_numbers"


class SortKeyField(indexes.IntegerField):
    """A whole number made of everything that decides an order, the document's id as the last part."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(stored=False, null=True, **kwargs)


class StoredField(indexes.CharField):
    """What a page needs about a document, only ever given back."""

    field_type = "stored"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(stored=True, indexed=False, **kwargs)


class WeightField(indexes.FloatField):
    """What a document's relevance is multiplied by, 1 at most; one field of an index may be of this kind.

    ``by_half``: documents of one half (see ``HalvingField``) have one weight.
    """

    def __init__(self, *, by_half: bool = False, **kwargs: Any) -> None:
        self.by_half = by_half
        super().__init__(stored=False, default=1.0, **kwargs)
