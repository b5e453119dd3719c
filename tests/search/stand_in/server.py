"""The server: indexes, aliases, bulk, scrolling and searches, over HTTP on this machine alone."""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.search.stand_in.counting import Hit, aggregate, in_order
from tests.search.stand_in.fields import Document, FieldMapping, Refused, only_keys
from tests.search.stand_in.matching import Matcher

DEFAULT_WINDOW = 10_000
Answer = dict[str, Any]


class Index:
    def __init__(self, body: dict[str, Any]) -> None:
        only_keys(body, "settings", "mappings")
        settings = body.get("settings", {}).get("index", {})
        only_keys(settings, "number_of_shards", "number_of_replicas", "max_result_window", "mapping")
        self.window = int(settings.get("max_result_window", DEFAULT_WINDOW))
        self.mapping = FieldMapping(body.get("mappings", {}))
        self.documents: dict[str, Document] = {}
        self.changes = 0

    def search(self, body: dict[str, Any]) -> Answer:
        only_keys(
            body, "from", "size", "track_total_hits", "_source", "query", "sort", "track_scores",
            "post_filter", "aggs",
        )  # fmt: skip
        start, size = int(body.get("from", 0)), int(body.get("size", 10))
        if start + size > self.window:
            raise Refused(400, "illegal_argument_exception", "Result window is too large")
        matches = Matcher(self.mapping).compile(body.get("query", {"match_all": {}}))
        found: list[Hit] = [
            (doc, score) for doc in self.documents.values() if (score := matches(doc)) is not None
        ]
        counts = aggregate(body.get("aggs", {}), [doc for doc, _ in found], self.mapping)
        if "post_filter" in body:
            passes = Matcher(self.mapping).compile(body["post_filter"])
            found = [hit for hit in found if passes(hit[0]) is not None]
        hits = in_order(found, body.get("sort", [{"_score": {"order": "desc"}}]), self.mapping)
        shown = [self._hit(hit, body.get("_source", True)) for hit in hits[start : start + size]]
        return {
            "hits": {"total": {"value": len(hits), "relation": "eq"}, "hits": shown},
            "aggregations": counts,
        }

    def _hit(self, hit: Hit, wanted: Any) -> Answer:
        doc, score = hit
        shown: Answer = {"_id": doc.key, "_score": score}
        if wanted is not False:
            names = doc.source if wanted is True else wanted
            shown["_source"] = {name: doc.source[name] for name in names if name in doc.source}
        return shown


class Cluster:
    """What the server knows. One request at a time: a test's threads meet here."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.indexes: dict[str, Index] = {}
        self.aliases: dict[str, set[str]] = {}
        self.scrolls: dict[str, Iterator[Answer]] = {}

    def one(self, name: str) -> Index:
        names = self.aliases.get(name, {name})
        if not names <= self.indexes.keys():
            raise Refused(404, "index_not_found_exception", f"no such index [{name}]")
        (real,) = names
        return self.indexes[real]

    # Requests -------------------------------------------------------------------------------
    def create(self, name: str, body: Any, params: dict[str, str]) -> Answer:
        if name in self.indexes or name in self.aliases:
            raise Refused(400, "resource_already_exists_exception", name)
        if name != name.lower():
            raise Refused(400, "invalid_index_name_exception", name)
        self.indexes[name] = Index(body or {})
        return {"acknowledged": True, "index": name}

    def exists(self, name: str, body: Any, params: dict[str, str]) -> Answer:
        if name not in self.indexes and name not in self.aliases:
            raise Refused(404, "index_not_found_exception", name)
        return {}

    def delete(self, name: str, body: Any, params: dict[str, str]) -> Answer:
        known = [index for index in self.indexes if fnmatchcase(index, name)]
        if not known and "*" not in name and params.get("ignore_unavailable") != "true":
            raise Refused(404, "index_not_found_exception", name)
        for index in known:
            del self.indexes[index]
        self.aliases = {alias: kept for alias, old in self.aliases.items() if (kept := old - set(known))}
        return {"acknowledged": True}

    def refresh(self, name: str, body: Any, params: dict[str, str]) -> Answer:
        self.one(name)
        return {}

    def stats(self, name: str, body: Any, params: dict[str, str]) -> Answer:
        index = self.one(name)
        names = self.aliases.get(name, {name})
        return {"_all": {"primaries": {"indexing": index.changes}}, "indices": {key: {} for key in names}}

    def alias_exists(self, name: str, body: Any, params: dict[str, str]) -> Answer:
        if name not in self.aliases:
            raise Refused(404, "alias_not_found", name)
        return {index: {"aliases": {name: {}}} for index in self.aliases[name]}

    def change_aliases(self, name: str, body: Any, params: dict[str, str]) -> Answer:
        """All or nothing: whatever cannot be done is found before anything is."""
        for action in body["actions"]:
            ((kind, options),) = action.items()
            if kind not in {"add", "remove_index"}:
                raise Refused(400, "parsing_exception", kind)
            if options["index"] not in self.indexes:
                raise Refused(404, "index_not_found_exception", options["index"])
        for action in body["actions"]:
            ((kind, options),) = action.items()
            if kind == "add":
                self.aliases.setdefault(options["alias"], set()).add(options["index"])
            else:
                self.delete(options["index"], None, {})
        return {"acknowledged": True}

    def search(self, name: str, body: Any, params: dict[str, str]) -> Answer:
        index = self.one(name)
        body = body or {}
        if "scroll" not in params:
            return index.search(body)
        only_keys(body, "query", "_source", "sort")
        asked = {"query": body.get("query", {"match_all": {}}), "size": index.window}
        wanted = body.get("_source", params.get("_source") != "false")
        hits = iter(index.search({**asked, "_source": wanted})["hits"]["hits"])
        self.scrolls[key := f"scroll-{len(self.scrolls)}"] = hits
        return self._page(key, int(params.get("size", 10)))

    def scroll(self, name: str, body: Any, params: dict[str, str]) -> Answer:
        return self._page(body["scroll_id"], 1_000)

    def _page(self, key: str, size: int) -> Answer:
        hits = list(islice(self.scrolls[key], size))
        shards = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}
        return {"_scroll_id": key, "_shards": shards, "hits": {"hits": hits}}

    def forget_scroll(self, name: str, body: Any, params: dict[str, str]) -> Answer:
        return {"succeeded": True}

    def delete_by_query(self, name: str, body: Any, params: dict[str, str]) -> Answer:
        index = self.one(name)
        only_keys(body, "query")
        matches = Matcher(index.mapping).compile(body["query"])
        gone = [key for key, doc in index.documents.items() if matches(doc) is not None]
        for key in gone:
            del index.documents[key]
        index.changes += len(gone)
        return {"deleted": len(gone)}

    def bulk(self, name: str, body: Any, params: dict[str, str]) -> Answer:
        lines = iter(body)
        items = []
        for action in lines:
            ((kind, options),) = action.items()
            only_keys(options, "_index", "_id")
            source = next(lines) if kind == "index" else None
            try:
                if params.get("require_alias") == "true" and options["_index"] not in self.aliases:
                    raise Refused(404, "index_not_found_exception", options["_index"])
                status = self._write(kind, options["_index"], options["_id"], source)
                items.append({kind: {"_id": options["_id"], "status": status}})
            except Refused as error:
                told = {"type": error.kind, "reason": error.reason}
                items.append({kind: {"_id": options["_id"], "status": error.status, "error": told}})
        return {"errors": any("error" in next(iter(item.values())) for item in items), "items": items}

    def _write(self, kind: str, name: str, key: str, source: Any) -> int:
        if name not in self.indexes and name not in self.aliases:
            # A server makes an index of any name that it is told.
            self.indexes[name] = Index({})
        index = self.one(name)
        index.changes += 1
        if kind == "index":
            index.documents[key] = Document(key, source, index.mapping)
            return 200
        return 200 if index.documents.pop(key, None) is not None else 404


_ROUTES: list[tuple[str, str, Callable[..., Answer]]] = [
    ("POST", r"/_bulk", Cluster.bulk),
    ("POST", r"/_aliases", Cluster.change_aliases),
    ("POST|GET", r"/_search/scroll", Cluster.scroll),
    ("DELETE", r"/_search/scroll(?:/.*)?", Cluster.forget_scroll),
    ("HEAD|GET", r"/_alias/([^/]+)", Cluster.alias_exists),
    ("POST|GET", r"/([^/_][^/]*)/_search", Cluster.search),
    ("POST", r"/([^/_][^/]*)/_refresh", Cluster.refresh),
    ("POST", r"/([^/_][^/]*)/_delete_by_query", Cluster.delete_by_query),
    ("GET", r"/([^/_][^/]*)/_stats(?:/.*)?", Cluster.stats),
    ("PUT", r"/([^/_][^/]*)", Cluster.create),
    ("HEAD", r"/([^/_][^/]*)", Cluster.exists),
    ("DELETE", r"/([^/_][^/]*)", Cluster.delete),
]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cluster: Cluster

    def _answer(self) -> None:
        address = urlsplit(self.path)
        try:
            status, found = 200, self._dispatch(address.path, dict(parse_qsl(address.query)))
        except Refused as error:
            told = {"type": error.kind, "reason": error.reason}
            status, found = error.status, {"error": {**told, "root_cause": [told]}, "status": error.status}
        written = b"" if self.command == "HEAD" else json.dumps(found, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(written)))
        self.end_headers()
        self.wfile.write(written)

    def _dispatch(self, path: str, params: dict[str, str]) -> Answer:
        body = self._body(is_lines=path == "/_bulk")
        for methods, pattern, carry_out in _ROUTES:
            if self.command in methods.split("|") and (match := re.fullmatch(pattern, path)):
                name = unquote(match[1]) if match.groups() else ""
                with self.cluster.lock:
                    return carry_out(self.cluster, name, body, params)
        raise Refused(405, "method_not_allowed", f"{self.command} {path}")

    def _body(self, *, is_lines: bool) -> Any:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding") == "gzip":
            raw = gzip.decompress(raw)
        if is_lines:
            return [json.loads(line) for line in raw.splitlines() if line]
        return json.loads(raw) if raw else None

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _answer  # noqa: N815 (names of http.server)

    def log_message(self, *_: Any) -> None:
        """Nothing: pytest shows what matters."""


@contextmanager
def serving() -> Iterator[str]:
    """A server of its own; gives its address."""
    handler = type("Handler", (_Handler,), {"cluster": Cluster()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
