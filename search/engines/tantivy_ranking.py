"""The best of many matches without scoring them all.

A page shows the best 24 of what may be hundreds of thousands. Two things make them cheap to find, and both
give what the whole search would have given, or nothing:

- **Headlines first.** Who has the word itself in the title scores more than who has it in the description, or
  has what means the same. If nothing else can score as much as the last hit of the page, nothing else belongs
  there: how frequent a word is tells the most that it can score. Else what means the same is looked for in
  titles as well.
- **A half is picked afterwards.** Where most documents are in the wanted half ("in stock"), some more hits
  of both halves hold a page of it; to look up which those are costs less than a filter on each match.
"""

from __future__ import annotations

import math

from tantivy import Query

from search.engines.tantivy_asked import Asked, Hit

#: Up to so many of the best are looked for in this way.
MOST_PICKED = 240
#: How many more hits of both halves are asked for than should do: there may be fewer of one among the best.
SPARE_SHARE, SPARE_HITS = 1.25, 16
#: A ceiling is computed with more digits than a score is.
ROUGHLY = 1.001
#: By what tantivy multiplies a score where the weight is 1, the most that there is.
HIGHEST_WEIGHT = math.log2(2 + 1)


def best_hits(asked: Asked, wanted: int) -> list[Hit] | None:
    """The ``wanted`` best of what is found, in order; None if only the whole search can tell."""
    if not 0 < wanted <= MOST_PICKED or not _is_in_most(asked):
        return None
    weight = HIGHEST_WEIGHT if asked.weight else 1.0
    for query, ceiling in asked.rankings_of_headlines():
        hits = _pick(asked, query, wanted)
        if len(hits) == wanted and hits[-1][0] > ceiling * weight * ROUGHLY:
            return hits
    if asked.half is None:
        return None
    hits = _pick(asked, asked.ranking_of_both_halves, wanted)
    return hits if len(hits) == wanted else None


def _is_in_most(asked: Asked) -> bool:
    return asked.half is None or _share_of_half(asked) >= 0.5


def _share_of_half(asked: Asked) -> float:
    assert asked.half is not None
    column, half = asked.half
    lexicon = asked.kept.lexicon
    return asked.kept.searcher.doc_freq(column.name, half) / max(1, lexicon.documents)


def _pick(asked: Asked, query: Query, wanted: int) -> list[Hit]:
    searcher = asked.kept.searcher
    if asked.half is None:
        return list(searcher.search(query, limit=wanted, count=False, weight_by_field=asked.weight).hits)
    column, half = asked.half
    limit = min(int(wanted / _share_of_half(asked) * SPARE_SHARE) + SPARE_HITS, searcher.num_docs)
    hits = list(searcher.search(query, limit=limit, count=False, weight_by_field=asked.weight).hits)
    halves = searcher.fast_field_values(column.name, [address for _, address in hits])
    return [hit for hit, found in zip(hits, halves, strict=True) if found is half][:wanted]
