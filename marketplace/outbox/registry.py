"""Who carries out which topic; packages register their handlers in ``AppConfig.ready``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: Takes a message's payload. Called at least once for each message, so doing it twice must do no harm.
Handler = Callable[[dict[str, Any]], None]

_handlers: dict[str, Handler] = {}


class NoHandler(LookupError):
    """No package of this process carries out the topic (another release may)."""


def handles(topic: str) -> Callable[[Handler], Handler]:
    """Register the decorated function for a topic.

    Raises:
        ValueError: the topic has another handler already.
    """

    def register(handler: Handler) -> Handler:
        if _handlers.setdefault(topic, handler) is not handler:
            raise ValueError(f"Outbox topic {topic} has two handlers.")
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
