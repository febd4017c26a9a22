"""The rest of the catalogue: what may change in operations, parameters, bodies, replies, security, servers and extensions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from dynaclient.openapi.diff.model import Level
from dynaclient.openapi.diff.words import NESTED, PROPERTY, ROOTS, SCHEMA, UNTOLD, Word, direction_of, level_of


class Rule(NamedTuple):
    """One kind of change: its level, and its sentence with places for details."""

    level: Level
    sentence: str


_OPERATIONS = {
    "operation-added": Rule("safe", "{name} is new: {method} {path}"),
    "operation-removed": Rule("breaking", "{name} was removed: {method} {path}"),
    "operation-renamed": Rule("breaking", "{name} is now called {new}"),
    "operation-moved": Rule("risky", "{name} moved from {old} to {new}"),
    "operation-unreadable": Rule("breaking", "{name} can no longer be read: {reason}"),
    "operation-deprecated": Rule("safe", "{name} was deprecated"),
    "operation-reactivated": Rule("safe", "{name} is no longer deprecated"),
    "operation-sunset-added": Rule("risky", "{name} will be gone on {new}"),
    "operation-sunset-earlier": Rule("risky", "{name} will be gone on {new}, earlier than {old}"),
    "operation-sunset-later": Rule("safe", "{name} will be gone on {new}, later than {old}"),
    "operation-sunset-removed": Rule("safe", "{name} will not be gone on {old} any longer"),
    "operation-stability-decreased": Rule("risky", "{name} is less stable: {old}, now {new}"),
    "operation-stability-increased": Rule("safe", "{name} is more stable: {old}, now {new}"),
    "argument-renamed": Rule("breaking", "the argument {old} is now called {new}"),
    "webhook-added": Rule("safe", "the webhook {name} is new"),
    "webhook-removed": Rule("risky", "the webhook {name} was removed"),
    "webhook-method-added": Rule("safe", "the webhook {name} is also sent with {method}"),
    "webhook-method-removed": Rule("risky", "the webhook {name} is no longer sent with {method}"),
    "webhook-unreadable": Rule("breaking", "the webhook {name} can no longer be read: {reason}"),
    "webhook-body-added": Rule("safe", "the webhook {name} has a body"),
    "webhook-body-removed": Rule("breaking", "the webhook {name} no longer has a body"),
    "webhook-body-schema-added": Rule("safe", "what the webhook {name} sends ({media}) got a schema"),
    "webhook-body-schema-removed": Rule("breaking", "what the webhook {name} sends ({media}) lost its schema"),
    "webhook-media-type-added": Rule("risky", "the webhook {name} may send {media}"),
    "webhook-media-type-removed": Rule("breaking", "the webhook {name} no longer sends {media}"),
    "webhook-parameter-added": Rule("safe", "the parameter {parameter} was added"),
    "webhook-parameter-removed": Rule("risky", "the parameter {parameter} was removed"),
    "webhook-parameter-removed-required": Rule("breaking", "the parameter {parameter} was removed"),
    "webhook-parameter-became-required": Rule("safe", "the parameter {parameter} always comes"),
    "webhook-parameter-became-optional": Rule("breaking", "the parameter {parameter} may be missing"),
}
_REQUESTS = {
    "request-parameter-added": Rule("safe", "{parameter} was added, optional"),
    "request-parameter-added-required": Rule("breaking", "{parameter} was added, required"),
    "request-parameter-removed": Rule("breaking", "{parameter} was removed"),
    "request-parameter-became-required": Rule("breaking", "{parameter} became required"),
    "request-parameter-became-optional": Rule("safe", "{parameter} became optional"),
    "request-parameter-renamed": Rule("breaking", "{parameter} is now called {new}"),
    "request-parameter-moved": Rule("risky", "{parameter} moved: {old} to {new}"),
    "request-parameter-style-changed": Rule("safe", "{parameter} is written in another style: {old}, now {new}"),
    "request-parameter-media-type-changed": Rule("safe", "{parameter} is written as {new}, no longer as {old}"),
    "request-body-added": Rule("safe", "a request body was added, optional"),
    "request-body-added-required": Rule("breaking", "a request body was added, required"),
    "request-body-removed": Rule("breaking", "the request body was removed"),
    "request-body-became-required": Rule("breaking", "the request body became required"),
    "request-body-became-optional": Rule("safe", "the request body became optional"),
    "request-body-media-type-added": Rule("safe", "the request body may be {media}"),
    "request-body-media-type-removed": Rule("breaking", "the request body may no longer be {media}"),
    "request-body-media-type-changed": Rule("risky", "the request body is {new}, no longer {old}"),
    "request-body-media-type-generalized": Rule("safe", "the request body may be any {new}, no longer only {old}"),
    "request-body-media-type-specialized": Rule("breaking", "the request body is {new}, no longer any {old}"),
    "request-body-default-media-type-changed": Rule("risky", "the request body is sent as {new}, no longer as {old}"),
    "request-body-schema-added": Rule("breaking", "the request body ({media}) got a schema"),
    "request-body-schema-removed": Rule("safe", "the request body ({media}) lost its schema"),
    "request-body-item-schema-added": Rule("breaking", "the items of the request body ({media}) got a schema"),
    "request-body-item-schema-removed": Rule("safe", "the items of the request body ({media}) lost their schema"),
    "request-body-encoding-changed": Rule("safe", "the parts of the request body ({media}) are encoded otherwise"),
}
_REPLIES = {
    "reply-success-status-added": Rule("risky", "one more successful reply: {status}"),
    "reply-success-status-removed": Rule("breaking", "one successful reply fewer: {status}"),
    "reply-error-status-added": Rule("safe", "one more error reply: {status}"),
    "reply-error-status-removed": Rule("safe", "one error reply fewer: {status}"),
    "reply-body-removed": Rule("breaking", "the reply {status} no longer has a body"),
    "reply-body-added": Rule("risky", "the reply {status} has a body"),
    "reply-media-type-added": Rule("safe", "the reply {status} may be {media}"),
    "reply-media-type-removed": Rule("breaking", "the reply {status} is no longer {media}"),
    "reply-media-type-changed": Rule("risky", "the reply {status} is {new}, no longer {old}"),
    "reply-media-type-generalized": Rule("risky", "the reply {status} may be any {new}, no longer only {old}"),
    "reply-media-type-specialized": Rule("safe", "the reply {status} is {new}, no longer any {old}"),
    "reply-body-schema-added": Rule("safe", "the reply {status} ({media}) got a schema"),
    "reply-body-schema-removed": Rule("breaking", "the reply {status} ({media}) lost its schema"),
    "reply-body-item-schema-added": Rule("safe", "the items of the reply {status} ({media}) got a schema"),
    "reply-body-item-schema-removed": Rule("breaking", "the items of the reply {status} ({media}) lost their schema"),
    "reply-header-added": Rule("safe", "the reply {status} has the header {header}"),
    "reply-header-added-required": Rule("safe", "the reply {status} always has the header {header}"),
    "reply-header-removed": Rule("risky", "the reply {status} lost the optional header {header}"),
    "reply-header-removed-required": Rule("breaking", "the reply {status} lost the header {header}"),
    "reply-header-became-optional": Rule("breaking", "the reply {status} may come without the header {header}"),
    "reply-header-became-required": Rule("safe", "the reply {status} always has the header {header}"),
    "sse-sentinel-changed": Rule("risky", "the stream of the reply {status} ends with {new}, no longer with {old}"),
}
_TRUST = {
    "security-added": Rule("breaking", "{where} needs a credential: {new}"),
    "security-removed": Rule("safe", "{where} needs no credential any longer"),
    "security-became-optional": Rule("safe", "{where} can be called without a credential"),
    "security-became-required": Rule("breaking", "{where} can no longer be called without a credential"),
    "security-alternative-added": Rule("safe", "{where} also takes {new}"),
    "security-alternative-removed": Rule("breaking", "{where} no longer takes {old}"),
    "security-scope-added": Rule("breaking", "{where} needs the scope {scope} of {scheme}"),
    "security-scope-removed": Rule("safe", "{where} no longer needs the scope {scope} of {scheme}"),
    "security-scheme-added": Rule("safe", "the security scheme {scheme} is new"),
    "security-scheme-removed": Rule("risky", "the security scheme {scheme} was removed"),
    "security-scheme-type-changed": Rule("breaking", "the security scheme {scheme} is {new}, no longer {old}"),
    "security-scheme-place-changed": Rule("risky", "the credential of {scheme} is sent as {new}, no longer as {old}"),
    "security-scheme-env-changed": Rule("breaking", "the credential of {scheme} is read from {new}, no longer {old}"),
    "security-scheme-needed-elsewhere": Rule(
        "breaking", "servers that the document does not name need the credential of {scheme}"
    ),
    "security-scheme-optional-elsewhere": Rule(
        "safe", "servers that the document does not name may need no credential of {scheme}"
    ),
    "security-scheme-url-changed": Rule("risky", "{field} of {scheme} is {new}, no longer {old}"),
    "security-scheme-origin-added": Rule("breaking", "{field} of {scheme} leads to another origin: {new}"),
    "security-scheme-scope-added": Rule("safe", "{scheme} has the scope {scope}"),
    "security-scheme-scope-removed": Rule("risky", "{scheme} no longer has the scope {scope}"),
    "security-scheme-scope-changed": Rule("safe", "the scope {scope} of {scheme} is described otherwise"),
    "security-scheme-flow-added": Rule("safe", "{scheme} has the flow {flow}"),
    "security-scheme-flow-removed": Rule("breaking", "{scheme} no longer has the flow {flow}"),
    "server-added": Rule("safe", "{where} is also offered at {new}"),
    "server-removed": Rule("breaking", "{where} is no longer offered at {old}"),
    "server-url-changed": Rule("risky", "the server {id} is at {new}, no longer at {old}"),
    "server-id-changed": Rule("breaking", "the server {url} is called {new}, no longer {old}"),
    "server-url-env-changed": Rule("risky", "the address of the server {url} is read from {new}, no longer from {old}"),
    "server-bare-origin-changed": Rule("risky", "a URL without a path stands for {new}, no longer for {old}"),
    "server-origin-added": Rule("risky", "a new origin: {new}"),
    "server-default-changed": Rule("risky", "{where} is called at {new}, no longer at {old}"),
    "server-default-origin-changed": Rule("breaking", "{where} is called at a new origin: {new}, no longer at {old}"),
    "server-variable-added": Rule("safe", "the server {url} has the variable {name}"),
    "server-variable-removed": Rule("breaking", "the server {url} no longer has the variable {name}"),
    "server-variable-default-changed": Rule(
        "risky", "the variable {name} of the server {url} is {new}, no longer {old}"
    ),
    "server-variable-value-added": Rule("safe", "the variable {name} of the server {url} may be {value}"),
    "server-variable-value-removed": Rule(
        "breaking", "the variable {name} of the server {url} may no longer be {value}"
    ),
}
_EXTENSIONS = {
    "retry-changed": Rule("risky", "{where} is sent again otherwise: {what}"),
    "retry-added": Rule("risky", "{where} is sent again where it fails: {what}"),
    "retry-removed": Rule("risky", "for {where} no retry is declared any longer"),
    "timeout-changed": Rule("risky", "an attempt of {where} may take {new}, no longer {old}"),
    "batch-added": Rule("safe", "{where} can be split into batches"),
    "batch-removed": Rule("breaking", "{where} can no longer be split into batches"),
    "batch-limit-increased": Rule("safe", "a batch of {where} may have more: {what}"),
    "batch-limit-decreased": Rule("risky", "a batch of {where} may have fewer: {what}"),
    "batch-changed": Rule("risky", "the batches of {where} line up otherwise: {what}"),
    "paging-added": Rule("safe", "{where} comes in pages"),
    "paging-removed": Rule("breaking", "{where} no longer comes in pages"),
    "paging-changed": Rule("risky", "the pages of {where} are followed otherwise"),
    "error-statuses-changed": Rule("risky", "for {where} other statuses are errors: {new}, no longer {old}"),
    "global-parameter-added": Rule("safe", "{name} can be set once for all calls"),
    "global-parameter-removed": Rule("breaking", "{name} can no longer be set once for all calls"),
}

RULES: Mapping[str, Rule] = {**_OPERATIONS, **_REQUESTS, **_REPLIES, **_TRUST, **_EXTENSIONS}
"""Every kind of change outside schemas."""

TRUST = frozenset(_TRUST)
"""The ids that concern where calls and credentials go, and who may call: what an update always shows."""


def schema_rule(place: str, what: str) -> Word | None:
    """The word behind an id of the schema part, ``place`` being one of ``ROOTS`` or what ``NESTED`` calls its inside; None where there is none."""
    if what in UNTOLD and direction_of(place) == UNTOLD[what][0]:
        return UNTOLD[what][1]
    return SCHEMA.get(what) or (PROPERTY.get(what) if place in NESTED.values() else None)


@cache
def catalogue() -> Mapping[str, Level]:
    """Every id that a comparison can give, with its level.

    A level may come out lower than it stands here: what is readOnly is no part of requests, what is writeOnly none of replies (both then ``safe``);
    error bodies and reply headers are handed over as they come, so that their schemas break nothing (``risky`` at most).
    """
    found: dict[str, Level] = {name: rule.level for name, rule in RULES.items()}
    for root in ROOTS:
        for place in (root, NESTED[root]):
            untold = {what: word for what, (side, word) in UNTOLD.items() if direction_of(place) == side}
            words = {**SCHEMA, **untold, **(PROPERTY if place != root else {})}
            for what in words:
                found.setdefault(f"{place}-{what}", level_of(what, direction_of(place)))
    return found
