"""Every address there is, with something plausible where it takes a value."""

import re
from dataclasses import dataclass

from django.urls import URLPattern, get_resolver
from django.urls.resolvers import RoutePattern
from django.utils.regex_helper import normalize

SAMPLES = {"int": "1", "str": "x", "slug": "x", "uuid": "00000000-0000-4000-8000-000000000000", "path": "x"}


@dataclass
class Address:
    name: str  # with its namespaces; the path where it has none
    path: str
    takes_values: bool
    callback: object


def _sample(pattern) -> tuple[str, bool]:
    if isinstance(pattern, RoutePattern):
        filled = re.sub(r"<(?:(\w+):)?\w+>", lambda found: SAMPLES[found[1] or "str"], pattern._route)
        return filled, filled != pattern._route
    form, values = normalize(pattern.regex.pattern)[0]
    return form % dict.fromkeys(values, "1"), bool(values)


def _walk(entries, prefix="/", namespaces=(), taken=False):
    for entry in entries:
        piece, takes = _sample(entry.pattern)
        if isinstance(entry, URLPattern):
            path = prefix + piece
            name = ":".join((*namespaces, entry.name)) if entry.name else path
            yield Address(name, path, taken or takes, entry.callback)
        else:
            inside = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from _walk(entry.url_patterns, prefix + piece, inside, taken or takes)


def addresses() -> list[Address]:
    return list(_walk(get_resolver().url_patterns))
