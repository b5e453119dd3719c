"""Where a tantivy index lies on disk, and how several processes share it.

::

    <root>/<schema>.current    the name of the generation in use; replaced in one step
    <root>/<schema>-<n>/       a generation: tantivy's own files
    <root>/<schema>.journal    what changed while a rebuild runs beside
    <root>/write.lock          held by the one writer; the system frees it when its process dies

The fingerprint of the schema is part of every name, so that a release with another schema builds its
own index while processes of the old release go on reading theirs.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import tantivy

#: Tantivy's smallest heap for one thread; an update of some products needs no more.
UPDATE_HEAP_BYTES = 20_000_000
REBUILD_HEAP_BYTES = 150_000_000
#: Generations of older schemas are kept this long for processes of an older release.
KEEP_OTHER_SCHEMAS_SECONDS = 24 * 3600

_FINGERPRINT = re.compile(r"^([0-9a-f]{12})-\d+$")


class IndexIsBusy(TimeoutError):
    """Another process has been writing for longer than this one may wait."""


class NotBuilt(LookupError):
    """There is no index of this schema yet."""


Stamp = tuple[int, int, int]


def _stamp(path: Path) -> Stamp:
    found = path.stat()
    return (found.st_mtime_ns, found.st_ino, found.st_size)


class IndexStorage:
    """One per process, root and schema: see ``storage_at``."""

    def __init__(self, root: Path, schema: tantivy.Schema, fingerprint: str, *, wait_seconds: float) -> None:
        self.root = root
        self.schema = schema
        self.fingerprint = fingerprint
        self.wait_seconds = wait_seconds
        self.pointer = root / f"{fingerprint}.current"
        self.journal = root / f"{fingerprint}.journal"
        self._opened = threading.Lock()
        self._index: tantivy.Index | None = None
        self._searcher: tantivy.Searcher | None = None
        self._seen: tuple[str, Stamp, Stamp] | None = None
        #: What was found out about the searcher's state of the index, by whoever searches with it.
        self.kept: Any = None

    # Reading --------------------------------------------------------------------------------
    @property
    def is_built(self) -> bool:
        return self.pointer.exists()

    def searcher(self) -> tantivy.Searcher:
        """What was committed last, by whichever process.

        Raises:
            NotBuilt: there is no index of this schema.
        """
        for attempt in range(5):
            try:
                return self._current_searcher()
            except FileNotFoundError:
                if not self.is_built:
                    raise NotBuilt(self.fingerprint) from None
                # Swapped for a new generation between two steps: look again.
                time.sleep(0.01 * attempt)
        raise NotBuilt(self.fingerprint)

    def _current_searcher(self) -> tantivy.Searcher:
        # Stamps are taken before reading, so that a commit in between is seen at the next search.
        pointer = _stamp(self.pointer)
        seen = self._seen
        name = seen[0] if seen and seen[1] == pointer else self.pointer.read_text(encoding="ascii").strip()
        meta = _stamp(self.root / name / "meta.json")
        if self._searcher is not None and seen == (name, pointer, meta):
            return self._searcher
        with self._opened:
            if self._index is None or self._seen is None or self._seen[0] != name:
                self._index = self._open(self.root / name)
            self._index.reload()
            self._searcher = self._index.searcher()
            self._seen = (name, pointer, meta)
            return self._searcher

    def _open(self, directory: Path) -> tantivy.Index:
        if not (directory / "meta.json").exists():
            raise FileNotFoundError(errno.ENOENT, "generation is gone", str(directory))
        index = _with_tokenizer(tantivy.Index(self.schema, path=str(directory), reuse=True))
        # No watcher thread: it would not live through a fork, and stamps tell as much.
        index.config_reader("manual")
        return index

    # Writing --------------------------------------------------------------------------------
    @contextmanager
    def writing(self) -> Iterator[tantivy.IndexWriter]:
        """A writer of the generation in use; commits if the block ends well, else changes nothing.

        Raises:
            IndexIsBusy: another writer did not finish in time.
        """
        with self._locked("write.lock"):
            if not self.is_built:
                name = self._create_generation()
                self._point_to(name)
            with _committing(self._open(self.root / self._current_name()), UPDATE_HEAP_BYTES, 1) as writer:
                yield writer

    @contextmanager
    def rebuilding(self, *, only_if_missing: bool = False) -> Iterator[Rebuild | None]:
        """Build beside what is in use; swapped when the block ends well. None: there is one already.

        Raises:
            IndexIsBusy: another rebuild is running and does not finish in time.
        """
        with self._locked("rebuild.lock"):
            if only_if_missing and self.is_built:
                yield None
                return
            name = self._create_generation()
            self.journal.write_bytes(b"")
            try:
                rebuild = Rebuild(self, self._open(self.root / name), name)
                yield rebuild
                if not rebuild.swapped:
                    rebuild.swap()
            except BaseException:
                shutil.rmtree(self.root / name, ignore_errors=True)
                raise
            finally:
                self.journal.unlink(missing_ok=True)
            self._forget_generations(keep=name)

    def note_changed(self, identifiers: list[str]) -> None:
        """Within ``writing``: tell a rebuild that runs beside what it must read again."""
        if identifiers and self.journal.exists():
            with self.journal.open("a", encoding="utf-8") as journal:
                journal.write("".join(f"{identifier}\n" for identifier in identifiers))

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        give_up = time.monotonic() + self.wait_seconds
        with (self.root / name).open("a") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > give_up:
                        raise IndexIsBusy(f"{name} is held by another process") from None
                    time.sleep(0.02)
            yield

    def _current_name(self) -> str:
        return self.pointer.read_text(encoding="ascii").strip()

    def _create_generation(self) -> str:
        numbers = [int(path.name.rpartition("-")[2]) for path in self.root.glob(f"{self.fingerprint}-*")]
        name = f"{self.fingerprint}-{max(numbers, default=0) + 1}"
        (self.root / name).mkdir(parents=True)
        _with_tokenizer(tantivy.Index(self.schema, path=str(self.root / name)))
        return name

    def _point_to(self, name: str) -> None:
        aside = self.pointer.with_suffix(f".{os.getpid()}.new")
        aside.write_text(name, encoding="ascii")
        aside.replace(self.pointer)

    def _forget_generations(self, *, keep: str) -> None:
        """Files that a reader has open stay readable to it until it lets go."""
        for path in self.root.glob(f"{self.fingerprint}.*.new"):
            # Of a rebuild that died while it swapped.
            path.unlink(missing_ok=True)
        long_ago = time.time() - KEEP_OTHER_SCHEMAS_SECONDS
        for path in self.root.iterdir():
            match = _FINGERPRINT.match(path.name)
            if match is None or path.name == keep:
                continue
            with suppress(FileNotFoundError):
                if match[1] == self.fingerprint:
                    shutil.rmtree(path, ignore_errors=True)
                elif path.stat().st_mtime < long_ago and (path / "meta.json").stat().st_mtime < long_ago:
                    shutil.rmtree(path, ignore_errors=True)
                    (self.root / f"{match[1]}.current").unlink(missing_ok=True)


class Rebuild:
    def __init__(self, storage: IndexStorage, index: tantivy.Index, name: str) -> None:
        self._storage = storage
        self._index = index
        self._name = name
        self.swapped = False

    @contextmanager
    def filling(self) -> Iterator[tantivy.IndexWriter]:
        with _committing(self._index, REBUILD_HEAP_BYTES, min(2, os.cpu_count() or 1)) as writer:
            yield writer

    @contextmanager
    def catching_up(self) -> Iterator[tuple[tantivy.IndexWriter, list[str]]]:
        """What changed meanwhile, to be written again before the swap; nobody else writes now."""
        with self._storage._locked("write.lock"):
            changed = self._storage.journal.read_text(encoding="utf-8").split()
            with _committing(self._index, UPDATE_HEAP_BYTES, 1) as writer:
                yield writer, sorted(set(changed))
            self.swap()

    def swap(self) -> None:
        self._storage._point_to(self._name)
        self.swapped = True


def _with_tokenizer(index: tantivy.Index) -> tantivy.Index:
    # Text comes analysed, as terms with spaces between them.
    index.register_tokenizer("terms", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    return index


@contextmanager
def _committing(index: tantivy.Index, heap_bytes: int, threads: int) -> Iterator[tantivy.IndexWriter]:
    writer = index.writer(heap_bytes, threads)
    try:
        yield writer
        writer.commit()
    except BaseException:
        writer.rollback()
        raise
    finally:
        writer.wait_merging_threads()


_storages: dict[tuple[int, str, str], IndexStorage] = {}
_storages_lock = threading.Lock()


def storage_at(root: Path, schema: tantivy.Schema, fingerprint: str, *, wait_seconds: float) -> IndexStorage:
    """The storage of this process, shared by its threads; a forked child gets its own."""
    key = (os.getpid(), str(root), fingerprint)
    with _storages_lock:
        if key not in _storages:
            _storages[key] = IndexStorage(root, schema, fingerprint, wait_seconds=wait_seconds)
        return _storages[key]
