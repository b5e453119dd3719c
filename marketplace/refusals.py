"""Why something is refused, so that code can tell refusals apart and people can read them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any


class Refusal(Exception):
    """The base of families of refusals, which are abstract like this one.

    Python would let an abstract exception be raised. So it is seen to when a class is made: whatever is no
    family has a ``message``, or there is no such class.
    """

    #: Stable; clients of the API tell refusals apart by it.
    code: str

    def __init_subclass__(cls, *, is_family: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not is_family and getattr(cls.message, "__isabstractmethod__", False):
            raise TypeError(f"{cls.__name__} does not say what people read: it needs a message.")

    @property
    @abstractmethod
    def message(self) -> str:
        """A sentence for whoever is refused, in their language."""

    def __str__(self) -> str:
        return self.message
