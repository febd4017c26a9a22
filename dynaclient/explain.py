"""What is in force for a call, and what decided it: document, overlay, profile, variable, argument or default."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dynaclient import auth
from dynaclient.errors import DynaclientError, SpecError
from dynaclient.openapi.address import shown_url
from dynaclient.openapi.decided import (
    DEFAULT,
    Decision,
    batch_decisions,
    name_decisions,
    paging_decision,
    retry_decisions,
    timeout_decision,
)
from dynaclient.openapi.model import Api, Operation
from dynaclient.openapi.server import Target, target
from dynaclient.options import DEFAULT_MODES, parse_validate
from dynaclient.retry import DEFAULT_ATTEMPTS, DEFAULT_STATUS_CODES, IDEMPOTENT_METHODS, override, parse_retries
from dynaclient.wire import Timeout

__all__ = ["Decision", "Layer", "decisions"]


_UNDECLARED: Mapping[str, Any] = {
    "strategy": f"for {', '.join(sorted(IDEMPOTENT_METHODS))}, and where nothing had been sent",
    "status_codes": list(DEFAULT_STATUS_CODES),
    "max_attempts": DEFAULT_ATTEMPTS,
}


@dataclass(frozen=True, slots=True)
class Layer:
    """Options that were given in one place: ``by`` names it (``--timeout``, ``DYNACLIENT_RETRIES``, a profile); later layers win."""

    by: str
    options: Mapping[str, Any]


def decisions(
    api: Api,
    operation: Operation,
    layers: Sequence[Layer] = (),
    wallet: auth.Wallet | None = None,
    variables: Mapping[str, str] | None = None,
    others: Callable[[], Iterable[str]] = tuple,
) -> tuple[Decision, ...]:
    """Everything that a call of an operation is subject to.

    Parameters
    ----------
    api, operation:
        The document, and what would be called.
    layers:
        The options outside of the document, the weakest first: ``server``, ``timeout``, ``retries``, ``validate``.
    wallet:
        The credentials that there are; None: those of the environment.
    variables:
        Values of the variables in the server's URL.
    others:
        Return further names by which servers can be called, for the message about an unknown one.

    Raises
    ------
    ArgumentError
        Where an option makes no sense.
    """
    wallet = wallet or auth.Wallet()
    place, chosen = _server(api, operation, layers, variables, wallet, others)
    return (
        *name_decisions(api, operation),
        chosen,
        *_url(operation, place),
        *_credentials(api, operation, wallet, place),
        _timeout(api, operation, layers),
        *_retries(api, operation, layers),
        *batch_decisions(api, operation),
        paging_decision(api, operation),
        *_modes(layers),
    )


def _last(layers: Sequence[Layer], name: str) -> tuple[Any, str]:
    """The strongest layer that says something."""
    for layer in reversed(layers):
        if layer.options.get(name) is not None:
            return layer.options[name], layer.by
    return None, ""


def _server(
    api: Api,
    operation: Operation,
    layers: Sequence[Layer],
    variables: Mapping[str, str] | None,
    wallet: auth.Wallet,
    others: Callable[[], Iterable[str]],
) -> tuple[Target | None, Decision]:
    wanted, by = _last(layers, "server")
    try:
        place = target(operation.servers, wanted, api.source, variables, wallet.variable, others)
    except (SpecError, DynaclientError) as error:
        return None, Decision("server", None, f"none: {error.message}")
    url = "the embedded server" if place.embedded else place.url
    by = by or "the first server of the document"
    if place.variable:
        by = f"environment variable {place.variable}, which the document names for the server {place.id!r} ({by})"
    if place.added:
        by += f"; {place.added} added, for which a URL without a path stands here (x-dynaclient-bare-origin)"
    return place, Decision("server", url, by, place.pointer)


def _url(operation: Operation, place: Target | None) -> Iterator[Decision]:
    """Where the call goes: the server's URL, then the operation's path."""
    if place is not None and not place.embedded:
        yield Decision(
            "url", shown_url(operation, place), "the server's URL, then the operation's path", operation.pointer
        )


def _credentials(api: Api, operation: Operation, wallet: auth.Wallet, place: Target | None) -> Iterator[Decision]:
    if not operation.security:
        yield Decision("credentials", "none needed", "no security is declared")
        return
    if place is None:
        yield Decision("credentials", None, "not known without a server")
        return
    if place.embedded:
        yield Decision("credentials", "none needed", "the embedded server asks for none")
        return
    try:
        needs = auth.choose(api, operation, wallet, place)
    except DynaclientError as error:
        yield Decision("credentials", None, error.message)
        return
    to = f", sent to {place.origin} because {place.variable} names it" if place.variable else ""
    for need in needs:
        yield Decision(f"credentials.{need.scheme.name}", "set", need.source + to, need.scheme.pointer)
    if not needs:
        yield Decision("credentials", "none", "the document allows calls without")


def _timeout(api: Api, operation: Operation, layers: Sequence[Layer]) -> Decision:
    seconds, by = _last(layers, "timeout")
    if seconds is not None:
        return Decision("timeout", seconds, by)
    return timeout_decision(api, operation) or Decision("timeout", Timeout().read, DEFAULT)


def _retries(api: Api, operation: Operation, layers: Sequence[Layer]) -> Iterator[Decision]:
    """Field by field: what a layer says goes before what the document says; where nobody says anything, the cautious defaults."""
    policy = override(operation.retry, *(parse_retries(layer.options.get("retries")) for layer in layers))
    for decision in retry_decisions(api, operation):
        field = decision.subject.partition(".")[2]
        found = decision
        if not policy.declared and field in _UNDECLARED:
            found = replace(decision, value=_UNDECLARED[field], by=f"{DEFAULT}, as nothing is declared")
        for layer in layers:
            given = parse_retries(layer.options.get("retries"))
            if field in given:
                value = given[field]
                found = replace(
                    found, value=list(value) if isinstance(value, tuple) else value, by=layer.by, pointer=""
                )
            elif field == "strategy" and given:
                found = replace(found, value="backoff", by=layer.by, pointer="")
            elif field == "except_status_codes" and "status_codes" in given:
                found = replace(found, value=[], by=layer.by, pointer="")
        yield found


def _modes(layers: Sequence[Layer]) -> Iterator[Decision]:
    for number, direction in enumerate(("request", "reply")):
        mode, by = DEFAULT_MODES[number], DEFAULT
        for layer in layers:
            given = layer.options.get("validate")
            said = given.get(direction) if isinstance(given, Mapping) else given
            if said is not None:
                mode, by = parse_validate(given, DEFAULT_MODES)[number], layer.by
        yield Decision(f"validate.{direction}", mode, by)
