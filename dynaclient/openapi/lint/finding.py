"""What `lint` finds, and the catalogue of all that it can find."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

Level = Literal["error", "warning", "note"]

LEVELS: tuple[Level, ...] = ("error", "warning", "note")
"""The levels, the gravest first. ``error``: a call cannot be made, or is refused; ``warning``: it may go wrong, or not as the author meant; ``note``: good to know."""


class Kind(NamedTuple):
    """One kind of finding: its level, and what it means."""

    level: Level
    meaning: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that will trouble a client.

    ``id`` is from the `CATALOGUE`; ``pointer`` the place in the document (RFC 6901); ``message`` one sentence; ``hint`` what to do, or ``""``.
    ``overlay`` is the name of an overlay if the place is in that and not in the document.
    """

    id: str
    pointer: str
    message: str
    hint: str = ""
    overlay: str = ""

    @property
    def level(self) -> Level:
        """How grave it is."""
        return CATALOGUE[self.id].level


CATALOGUE: Mapping[str, Kind] = {
    "operation-unreadable": Kind("error", "an operation cannot be read, so that it cannot be called"),
    "reference-unresolved": Kind("error", "a reference leads nowhere"),
    "reference-remote": Kind("warning", "a reference leads to another origin, which is not read"),
    "schema-unusable": Kind("error", "a schema cannot be applied to any value"),
    "schema-unsupported": Kind("error", "a schema asks for what is not supported"),
    "schema-repaired": Kind("warning", "a schema says what makes no sense; it was read as it was probably meant"),
    "schema-refuses-all": Kind("warning", "a schema that no value can satisfy"),
    "pattern-unusable": Kind("warning", "a regular expression that no engine can read; it is ignored"),
    "example-invalid": Kind("warning", "an example or default that its own schema refuses"),
    "name-clash": Kind("warning", "two operations want the same name; one got another"),
    "path-item-overlap": Kind("warning", "an operation stands beside the $ref of a path item, and in what that names"),
    "argument-renamed": Kind("note", "an argument whose plain Python name is another argument's; it got another"),
    "operation-id-missing": Kind("note", "an operation without operationId is named by its method and path"),
    "operation-id-duplicate": Kind("warning", "an operationId that stands twice"),
    "operation-without-replies": Kind("warning", "an operation that declares no good reply, so that nothing is checked"),
    "reply-without-schema": Kind("note", "a good reply in JSON without a schema, so that nothing is checked"),
    "path-parameter-undeclared": Kind("warning", "the path has a variable that no parameter declares"),
    "path-parameter-unused": Kind("warning", "a path parameter that the path does not have"),
    "body-on-get": Kind("note", "a request body for a method that gives it no meaning (RFC 9110, 9.3)"),
    "deprecated": Kind("note", "it is deprecated"),
    "sunset": Kind("warning", "it will be gone on a day that is named"),
    "server-missing": Kind("warning", "no server is named with its full URL"),
    "server-without-tls": Kind("warning", "a server without TLS: requests and credentials can be read on the way"),
    "server-variable-undefined": Kind("error", "the URL of a server has a variable that is not defined"),
    "url-without-tls": Kind("warning", "a URL for tokens or signing in without TLS"),
    "security-scheme-undefined": Kind("error", "a security scheme that is asked for and not defined"),
    "security-scheme-unsupported": Kind("warning", "a kind of security scheme that is not supported"),
    "media-type-unsupported": Kind("warning", "a media type of a body that is passed on as bytes only"),
    "extension-invalid": Kind("error", "an extension that makes no sense: its operation cannot be called"),
    "extension-unknown-key": Kind("warning", "a key within an extension that means nothing: probably a slip"),
    "extension-unknown": Kind("warning", "an x-dynaclient or x-speakeasy extension that means nothing here: probably a slip"),
    "extension-names-nothing": Kind("warning", "an extension names a property or parameter that is not there"),
    "overlay-other-document": Kind("warning", "an overlay whose `extends` names another document than the one it is applied to"),
    "overlay-action-unmatched": Kind("warning", "an action of an overlay whose target names nothing in the document, so that it changes nothing"),
    "formal": Kind("error", "the document breaks the specification (openapi-spec-validator)"),
}  # fmt: skip
"""Every id: its level and its meaning."""


def gravest(findings: Iterable[Finding]) -> Level | None:
    """The gravest level among findings, or None where there are none."""
    found = {finding.level for finding in findings}
    return next((level for level in LEVELS if level in found), None)
