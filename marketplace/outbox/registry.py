"""Who carries out which topic; packages register their handlers in ``AppConfig.ready``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

#: Takes a message's payload. Called at least once for each message, so doing it twice must do no harm.
Handler = Callable[[dict[str, Any]], None]

#: Makes one payload of several, where doing them at once costs hardly more than doing one.
Merge = Callable[[Sequence[dict[str, Any]]], dict[str, Any]]

_handlers: dict[str, Handler] = {}
_merges: dict[str, Merge] = {}


class NoHandler(LookupError):
    """No package of this process carries out the topic (another release may)."""


def handles(topic: str, *, merge: Merge | None = None) -> Callable[[Handler], Handler]:
    """Register the decorated function for a topic; with ``merge`` it takes what waits in batches.

    Raises:
        ValueError: the topic has another handler already.
    """

    def register(handler: Handler) -> Handler:
        if _handlers.setdefault(topic, handler) is not handler:
            raise ValueError(f"Outbox topic {topic} has two handlers.")
        if merge is not None:
            _merges[topic] = merge
        return handler

    return register


def handler_of(topic: str) -> Handler:
    """The topic's handler.

    Raises:
        NoHandler: there is none.
    """
    try:
        return _handlers[topic]
    except KeyError:
        raise NoHandler(topic) from None


def merge_of(topic: str) -> Merge | None:
    """How several messages of the topic become one; None where each is carried out by itself."""
    return _merges.get(topic)
