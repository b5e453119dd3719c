"""Haystack's query for the engines here: conditions as JSON, and counts that leave out their own filter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from haystack.backends import BaseSearchQuery
from haystack.inputs import AutoQuery, BaseInput, Exact, Not as NotInput, Raw

from search.analysis.vocabulary import Part, Vocabulary, understand
from search.engines.query_language import CONTENT, escape, write_condition


class Typed(BaseInput):
    """What a person typed, read with a shop's own synonyms; ``AutoQuery`` reads with the built-in ones."""

    def __init__(self, parts: Sequence[Part]) -> None:
        super().__init__(" ".join(part.alternatives[0] for part in parts))
        self.parts = parts

    @classmethod
    def read(cls, text: str, vocabulary: Vocabulary) -> Typed:
        return cls(understand(text, vocabulary))


class SearchQuery(BaseSearchQuery):
    """Used through ``SearchQuerySet``, as every Haystack query is.

    What is more than Haystack has: ``facet(field, disjunctive=True)`` counts as if the results were not
    narrowed by that field, so that a person sees what a second value would add; ``facet(field, ranges=5)``
    counts in round ranges fitted to the results, and value by value where those are few unless
    ``few_values=False``; ``facet(field, steps=[10, 20])`` counts how many reach each step.
    """

    def matching_all_fragment(self) -> str:
        return "*"

    def build_query_fragment(self, field: str, filter_type: str, value: Any) -> str:
        if isinstance(value, Raw):
            return f"({value.query_string})" if value.query_string.strip() else "*"
        if isinstance(value, Typed):
            return write_condition(field, "text", [part.as_json() for part in value.parts])
        if isinstance(value, AutoQuery):
            return write_condition(field, "text", value.query_string)
        if isinstance(value, NotInput):
            return f"NOT {write_condition(field, CONTENT, value.query_string)}"
        if isinstance(value, Exact):
            return write_condition(field, "exact", value.query_string)
        if isinstance(value, BaseInput):
            value = value.query_string
        return write_condition(field, filter_type, value)

    def clean(self, query_fragment: Any) -> Any:
        """For values that are put between quotes (``narrow('brand:"%s"')``)."""
        return escape(query_fragment) if isinstance(query_fragment, str) else query_fragment

    def build_params(self, spelling_query: str | None = None) -> dict[str, Any]:
        params: dict[str, Any] = super().build_params(spelling_query=spelling_query)
        if self.stats:
            params["stats"] = self.stats
        return params

    def get_count(self) -> int:
        """How many are found. Haystack asks for the best one with it, for which all are ranked."""
        if (
            self._hit_count is None
            and not self._more_like_this
            and not self._raw_query
            and not self.end_offset
        ):
            self.run(end_offset=0)
        count: int = super().get_count()
        return count

    def run(self, spelling_query: str | None = None, **kwargs: Any) -> None:
        params = self.build_params(spelling_query=spelling_query) | kwargs
        found = self.backend.search(self.build_query(), **params)
        self._results = found.get("results", [])
        self._hit_count = found.get("hits", 0)
        self._facet_counts = self.post_process_facets(found)
        self._stats = found.get("stats", {})
        self._spelling_suggestion = found.get("spelling_suggestion")
