"""Races between processes, as between the workers of a web server: nothing is shared but the database."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier

from django.db import connections

from tests.points_payment.test_races import at_once

PROCESSES = 3
WAIT_SECONDS = 120
#: A barrier or an event that a patched service waits at has to come from here too.
context = multiprocessing.get_context("fork")


def in_processes(jobs: Sequence[Callable[[], object]], *, processes: int = PROCESSES) -> Counter[str]:
    """Deal the jobs out to processes with many threads each; how each ended, counted by name."""
    processes = min(processes, len(jobs))
    # A forked connection would be one connection of two owners.
    connections.close_all()
    begin = context.Barrier(processes)
    pairs = [context.Pipe(duplex=False) for _ in range(processes)]
    children = [
        context.Process(target=_run, args=(list(jobs[place::processes]), begin, answer))
        for place, (_, answer) in enumerate(pairs)
    ]
    for child in children:
        child.start()
    ends: Counter[str] = Counter()
    for child, (question, _) in zip(children, pairs, strict=True):
        if not question.poll(WAIT_SECONDS):
            child.kill()
            raise TimeoutError("A process of the race did not come back.")
        ends += question.recv()
        child.join(WAIT_SECONDS)
    return ends


def _run(jobs: list[Callable[[], object]], begin: Barrier, answer: Connection) -> None:
    begin.wait(WAIT_SECONDS)
    answer.send(at_once(jobs))
