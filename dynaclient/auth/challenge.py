"""``WWW-Authenticate`` as values (RFC 9110, 11.6.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110, 5.6.2
_PARAMETER = re.compile(rf'({_TOKEN})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN}))[ \t]*(?=,|$)')
_SCHEME = re.compile(rf"({_TOKEN})(?:[ \t]+|(?=,|$))")
_TOKEN68 = re.compile(r"([A-Za-z0-9._~+/-]+=*)[ \t]*(?=,|$)")
_BETWEEN = re.compile(r"[ \t,]*")
_QUOTED_PAIR = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge: ``scheme`` and the names of ``parameters`` in lower case; of a repeated parameter the first counts."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def parse_challenges(values: Iterable[str]) -> list[Challenge]:
    """The challenges of all ``WWW-Authenticate`` fields of a reply, in order; what cannot be read ends a field.

    Parameters
    ----------
    values:
        The value of each field. Each may hold several challenges.
    """
    return [challenge for value in values for challenge in _field(value)]


def _field(value: str) -> list[Challenge]:
    found: list[tuple[str, dict[str, str]]] = []
    place = _end(_BETWEEN, value, 0)
    while place < len(value):
        parameter = _PARAMETER.match(value, place)
        if parameter is not None and found:
            name, quoted, plain = parameter.groups()
            found[-1][1].setdefault(name.lower(), plain if quoted is None else _QUOTED_PAIR.sub(r"\1", quoted))
            place = parameter.end()
        else:
            scheme = _SCHEME.match(value, place)
            if scheme is None:
                break
            found.append((scheme[1].lower(), {}))
            place = scheme.end()
            # A token68 (``Negotiate oRMwEaA=``) stands in place of parameters and is of no use here.
            if _PARAMETER.match(value, place) is None and (token := _TOKEN68.match(value, place)) is not None:
                place = token.end()
        place = _end(_BETWEEN, value, place)
    return [Challenge(scheme, parameters) for scheme, parameters in found]


def _end(pattern: re.Pattern[str], value: str, place: int) -> int:
    match = pattern.match(value, place)
    return match.end() if match is not None else place
