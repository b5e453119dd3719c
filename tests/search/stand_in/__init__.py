"""A server that does with requests what OpenSearch's documentation says, for tests.

It speaks HTTP, so the real client, its bulk and its scrolling are tried too. It was written from the
reference (Query DSL, aggregations, mappings, bulk, scroll), not from our requests, refuses what it does not
know, and knows only a part: what a real server makes of the same requests is for the contract tests with
``OPENSEARCH_URL``. Relevance is no more than boosts, since nothing promises its numbers.
"""
