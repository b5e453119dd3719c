"""Collects the tests once, then runs them in a fork for every mutant until one fails."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import io
import json
import os
import select
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

from tests.mutants.equivalent import EQUIVALENT
from tests.mutants.mutations import Mutant, code_of, mutants_of

#: A mutant hangs that takes so many times as long as the tests without any, or this at least.
PATIENCE, LEAST_SECONDS = 3, 300.0
SERVICES = "points_payment.services."


class Outcome(StrEnum):
    KILLED = "killed"
    #: It never ended: noticed as well.
    HUNG = "hung"
    SURVIVED = "survived"


@dataclass(frozen=True, slots=True)
class Result:
    service: str
    mutant: Mutant
    outcome: Outcome


class Memory:
    """What was found before: killed mutants of the same source need not be killed again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.killed: dict[str, list[str]] = json.loads(path.read_text()) if path.exists() else {}

    def knows(self, service: str, source: str, mutant: Mutant) -> bool:
        return _identity(mutant) in self.killed.get(_version(service, source), [])

    def keep(self, service: str, source: str, mutant: Mutant) -> None:
        self.killed.setdefault(_version(service, source), []).append(_identity(mutant))
        self.path.write_text(json.dumps(self.killed))


def _version(service: str, source: str) -> str:
    return f"{service}-{hashlib.sha256(source.encode()).hexdigest()[:12]}"


def _identity(mutant: Mutant) -> str:
    return f"{mutant.node}:{mutant.choice}"


class MutantRun:
    """A plugin of pytest that runs the collected tests for each mutant instead of once."""

    def __init__(
        self, services: Sequence[str], *, memory: Memory, seconds: float, tell: Callable[[str], None]
    ) -> None:
        self.services = services
        self.memory = memory
        self.deadline = time.monotonic() + seconds
        self.tell = tell
        self.results: list[Result] = []
        #: Mutants that there was no time for.
        self.left = 0
        #: The tests that killed something come first, the last one before all.
        self.killers: list[str] = []
        self.patience: float | None = None
        #: A process that was killed in the middle may have left rows.
        self.is_dirty = True

    def pytest_configure(self) -> None:
        # Not before pytest has rewritten it.
        from hypothesis import Phase, settings

        # That an example fails is enough; a smaller one would take minutes.
        settings.register_profile("mutants", phases=[Phase.explicit, Phase.generate], database=None)
        settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted("The tests cannot be collected.")
        failing, seconds = self._outcome(session, lambda: None)
        self.patience = max(PATIENCE * seconds, LEAST_SECONDS)
        self.tell(f"The tests take {seconds:.0f} s without any mutant.")
        if failing is not Outcome.SURVIVED:
            raise session.Interrupted(f"Without any mutant a test fails: {self.killers[:1]}")
        for service in self.services:
            module = importlib.import_module(SERVICES + service)
            source = Path(inspect.getfile(module)).read_text(encoding="utf-8")
            for mutant in mutants_of(source):
                self._try(session, service, module, source, mutant)
        return True

    def _try(
        self, session: pytest.Session, service: str, module: ModuleType, source: str, mutant: Mutant
    ) -> None:
        if self.memory.knows(service, source, mutant):
            self.results.append(Result(service, mutant, Outcome.KILLED))
            return
        if (service, mutant.name) in EQUIVALENT:
            # Trying it again would run every test for nothing.
            self.results.append(Result(service, mutant, Outcome.SURVIVED))
            return
        if time.monotonic() > self.deadline:
            self.left += 1
            return
        outcome, seconds = self._outcome(session, lambda: exchange(module, source, mutant))
        if outcome is not Outcome.SURVIVED:
            self.memory.keep(service, source, mutant)
        self.results.append(Result(service, mutant, outcome))
        self.tell(f"{outcome:8} {seconds:5.1f} s  {service}:{mutant.line} {mutant.name}")

    def _outcome(self, session: pytest.Session, mutate: Callable[[], None]) -> tuple[Outcome, float]:
        began = time.monotonic()
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.close(read)
            # Threads of a test that hangs end with it.
            os.setpgid(0, 0)
            self._run_in_child(session, mutate, write)
        os.close(write)
        is_ready, _, _ = select.select([read], [], [], self.patience)
        if not is_ready:
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        killer = os.read(read, 4096).decode() if is_ready else ""
        os.close(read)
        self.is_dirty = not is_ready or killer == "broken"
        if killer:
            self.killers = [killer, *(known for known in self.killers if known != killer)][:40]
        outcome = Outcome.HUNG if not is_ready else Outcome.KILLED if killer else Outcome.SURVIVED
        return outcome, time.monotonic() - began

    def _run_in_child(self, session: pytest.Session, mutate: Callable[[], None], write: int) -> None:
        """Write the name of the test that failed, or nothing; never return."""
        killer = "broken"
        try:
            _be_silent(session.config)
            if self.is_dirty:
                session.config.option.create_db = True
            mutate()
            killer = next(_failing(session, self._in_order(session.items)), "")
        finally:
            os.write(write, killer.encode()[:4096])
            os._exit(0)

    def _in_order(self, items: list[pytest.Item]) -> list[pytest.Item]:
        rank = {name: place for place, name in enumerate(self.killers)}
        return sorted(items, key=lambda item: rank.get(item.nodeid, len(rank)))


def _failing(session: pytest.Session, items: list[pytest.Item]) -> Iterator[str]:
    for place, item in enumerate(items):
        following = items[place + 1] if place + 1 < len(items) else None
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            yield item.nodeid


def _be_silent(config: pytest.Config) -> None:
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    reporter._tw._file = io.StringIO()


# Exchanging code ----------------------------------------------------------------------------
def exchange(module: ModuleType, source: str, mutant: Mutant) -> None:
    """Give a function the mutant's code, for everyone who has imported it already."""
    code = code_of(source, mutant, filename=inspect.getfile(module))
    function_named(module, mutant.function).__code__ = code


def function_named(module: ModuleType, name: str) -> FunctionType:
    """The function under its decorators."""
    found: Any = module
    for part in name.split("."):
        found = inspect.getattr_static(found, part)
    found = getattr(found, "fget", None) or getattr(found, "__func__", None) or found
    unwrapped: Any = inspect.unwrap(found)
    assert isinstance(unwrapped, FunctionType)
    return unwrapped
