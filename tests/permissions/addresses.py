"""Every address of the project, found by walking the resolver."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True, slots=True)
class Address:
    #: As ``reverse`` wants it; for a pattern without a name, its route.
    name: str
    route: str
    parameters: tuple[str, ...]

    @property
    def has_name(self) -> bool:
        return self.name != self.route


def every_address() -> list[Address]:
    return sorted(_walk(get_resolver(), (), "", ()), key=lambda address: (address.name, address.route))


def _walk(
    resolver: URLResolver, namespaces: tuple[str, ...], route: str, parameters: tuple[str, ...]
) -> Iterator[Address]:
    for entry in resolver.url_patterns:
        here = route + str(entry.pattern)
        found = (*parameters, *_parameters_of(entry))
        if isinstance(entry, URLResolver):
            deeper = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from _walk(entry, deeper, here, found)
        else:
            name = ":".join((*namespaces, entry.name)) if entry.name else here
            yield Address(name, here, found)


def _parameters_of(entry: URLPattern | URLResolver) -> tuple[str, ...]:
    pattern = entry.pattern
    converters = getattr(pattern, "converters", None)
    return tuple(converters or pattern.regex.groupindex)
