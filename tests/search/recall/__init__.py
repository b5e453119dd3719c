"""Tables of queries and texts: which must meet, which must not.

Columns are ``query``, ``text`` and ``meets`` (1 or 0). A table is tried as the shop searches: every text
is a product's title, in the language of the table or of its script, in an index of its own. Any other
table can be tried with ``python -m tests.search.recall FILE.csv [ar|ckb]``.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tantivy

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Pair:
    query: str
    text: str
    meets: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one table."""

    name: str
    pairs: int
    found: int
    missed: Sequence[Pair]
    negatives: int
    mixed_up: Sequence[Pair]

    @property
    def recall(self) -> float:
        return self.found / self.pairs if self.pairs else 1.0

    @property
    def false_share(self) -> float:
        return len(self.mixed_up) / self.negatives if self.negatives else 0.0

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.found} of {self.pairs} pairs found ({self.recall:.1%}),"
            f" {len(self.mixed_up)} of {self.negatives} others mixed up ({self.false_share:.1%})"
        )


def read_table(path: Path) -> list[Pair]:
    with path.open(encoding="utf-8", newline="") as file:
        return [Pair(row["query"], row["text"], row["meets"] == "1") for row in csv.DictReader(file)]


def measure(path: Path, *, language: str | None = None) -> Outcome:
    """``language`` is that of the table's texts; None takes it from each text's script."""
    pairs = read_table(path)
    finds = _Finder(sorted({pair.text for pair in pairs}), language)
    met = {pair: finds(pair) for pair in pairs}
    positives = [pair for pair in pairs if pair.meets]
    negatives = [pair for pair in pairs if not pair.meets]
    missed = [pair for pair in positives if not met[pair]]
    return Outcome(
        name=path.stem,
        pairs=len(positives),
        found=len(positives) - len(missed),
        missed=missed,
        negatives=len(negatives),
        mixed_up=[pair for pair in negatives if met[pair]],
    )


class _Finder:
    """An index whose documents are the texts; says whether a query finds one."""

    def __init__(self, texts: Sequence[str], language: str | None) -> None:
        from search.engines.schema import Schema
        from search.engines.storage import _with_tokenizer
        from search.engines.tantivy_queries import QueryBuilder
        from search.search_indexes import ProductIndex

        wanted = ("text", "title_ar", "title_ckb", "title_en", "sounds")
        fields = {name: field for name, field in ProductIndex.fields.items() if name in wanted}
        schema = Schema(fields)
        self._builder = QueryBuilder(schema)
        with tempfile.TemporaryDirectory() as directory:
            index = _with_tokenizer(tantivy.Index(schema.tantivy, path=directory))
            writer = index.writer(20_000_000, 1)
            for number, text in enumerate(texts):
                title = f"title_{language or _language_of(text)}"
                identity = {"id": str(number), "django_ct": "a.b", "django_id": str(number)}
                writer.add_document(schema.document({**identity, title: text, "sounds": text}))
            writer.commit()
            writer.wait_merging_threads()
            index.reload()
            searcher = index.searcher()
            self._number = {text: str(number) for number, text in enumerate(texts)}
            self._found: dict[str, set[str]] = {}
            self._searcher = searcher

    def __call__(self, pair: Pair) -> bool:
        from search.engines.query_language import CONTENT, Condition

        if pair.query not in self._found:
            query = self._builder.build(Condition(CONTENT, "text", pair.query))
            hits = self._searcher.search(query, limit=10_000).hits
            self._found[pair.query] = {
                str(self._searcher.doc(address).get_first("id")) for _, address in hits
            }
        return self._number[pair.text] in self._found[pair.query]


def _language_of(text: str) -> str:
    from search.analysis.letters import fold_text

    if fold_text(text).isascii():
        return "en"
    return "ckb" if set(text) & set("ەێۆپچگڤڵڕژیک") else "ar"
