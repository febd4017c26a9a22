"""``Link`` header fields (RFC 8288, Web Linking)."""

from __future__ import annotations

import re
from urllib.parse import urldefrag, urljoin

from dynaclient.frozen import Struct

_TARGET = re.compile(r"[ \t,]*<([^>]*)>")
_PARAMETER = re.compile(r'[ \t]*;[ \t]*([^\s=;,"<>]*)[ \t]*(?:=[ \t]*(?:"([^"\\]*(?:\\.[^"\\]*)*)"|([^\s;,"]*)))?')
_END = re.compile(r"[ \t]*(?:,|$)")
_ESCAPED = re.compile(r"\\(.)")


class WebLink(Struct, frozen=True):
    """One link: an absolute ``target``, its relation types in lower case, and the ``context`` that it starts from, absolute as well."""

    target: str
    rels: tuple[str, ...]
    context: str


def weblinks(field: str, base: str) -> tuple[WebLink, ...]:
    """The links of a field value, in order; from the first that breaks the grammar on there are none (RFC 8288, B.2).

    Parameters
    ----------
    field:
        The value of ``Link``; several fields are joined by commas.
    base:
        The URL of the reply, which relative targets and anchors are resolved against.
    """
    links: list[WebLink] = []
    place = 0
    while match := _TARGET.match(field, place):
        parameters, place = _parameters(field, match.end())
        end = _END.match(field, place)
        if end is None:
            break
        place = end.end()
        rels = tuple(parameters.get("rel", "").lower().split())
        try:
            context = urljoin(base, parameters["anchor"]) if "anchor" in parameters else base
            links.append(WebLink(urljoin(base, match[1].strip()), rels, context))
        except ValueError:  # a target or anchor that is no URL
            continue
    return tuple(links)


def next_link(field: str, base: str) -> str | None:
    """The absolute target of the first link from this reply whose relation is ``next``; None where there is none."""
    here = urldefrag(base).url
    for link in weblinks(field, base):
        if "next" in link.rels and link.context in (base, here):
            return urldefrag(link.target).url
    return None


def _parameters(field: str, place: int) -> tuple[dict[str, str], int]:
    """The parameters from a place on, and the place behind them; of several of one name the first counts (RFC 8288, 3.3)."""
    found: dict[str, str] = {}
    while (match := _PARAMETER.match(field, place)) and match.end() > place:
        place = match.end()
        quoted, token = match[2], match[3]
        value = _ESCAPED.sub(r"\1", quoted) if quoted is not None else token or ""
        if match[1]:
            found.setdefault(match[1].lower(), value)
    return found, place
