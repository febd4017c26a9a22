"""Messages of the client in the words of the shell: options for keyword arguments, commands for functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from dynaclient.errors import ArgumentError, Problem, headline
from dynaclient.frozen import evolve

_PLURAL = re.compile(r"(?<![\d.,])1 (byte|item|character|value|number|attempt|problem)s\b")
_PHRASES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"server='([^']*)' \(at the shell --server \1\)", r"--server \1"),
        (r"pass server='https://\.\.\.' \(at the shell --server\), or server='local'", "--server https://... or --server local"),
        (
            r"name both together: Client\(server='([^']*)', credentials=\{'([^']*)': \.\.\.\}\)",
            r"name both together: --server \1 --credential \2=@FILE",
        ),
        (r"\bpass server='([^']*)'", r"pass --server \1"),
        (r"\bgive its base URL as server=\.", "give its base URL as --server."),
        (r"\bvalidate='strict' refuses it", "--validate strict refuses it"),
        (r"\bextra=\{'([^']*)': \.\.\.\} sends", r"--extra \1=VALUE sends"),
        (r"pass credentials= instead", "pass --credential SCHEME=USER:PASSWORD instead"),
        (r"pass credentials=\{'([^']*)': \.\.\.\} for '[^']*'", r"pass --credential \1=@FILE"),
        (r"pass bearer_auth= for", "pass --bearer-auth for"),
        (r"pass client_cert= for", "pass --cert FILE for"),
        (r"pass server_variables=\{'([^']*)': \.\.\.\}", r"pass --server-variable \1=VALUE"),
        (r"pass client_id= \(--client-id\)", "pass --client-id"),
        (r"pass device_authorization_url=", "pass --device-authorization-url"),
        (r"pass authorization_url=", "pass --authorization-url"),
        (r"pass allow_remote=True \(--allow-remote\)", "pass --allow-remote"),
        (r"; if the document is to be trusted, raise it: load\([^\n]*\)\)", ""),
        (r"; call it without `stream`", "; call it without --stream"),
        (r"\(from argument credentials\['([^']*)'\]\)", r"(from --credential \1=...)"),
        (r"\bargument credentials\['([^']*)'\]", r"--credential \1=..."),
        (r"\bargument bearer_auth\b", "--bearer-auth"),
        (r"\bargument client_cert\b", "--cert"),
        (r"^ca_bundle: ", "--ca-bundle: "),
        (r"^client_cert: ", "--cert: "),
        (r"^proxy: ", "--proxy: "),
        (r"; declare `results` in (\S+), or take whole pages", r"; declare `results` in \1, or take whole pages: --pages"),
        (r", in `problems` of this error", ": --error-format json tells them all"),
        (r", nor a Timeout\b", ""),
        (r"(^|: |- )(--[\w.\[\]-]+): (is|has|was|must|needs)\b", r"\1\2 \3"),
        (r"an option makes no sense", "an option cannot be used"),
        (r"an environment variable makes no sense", "an environment variable cannot be used"),
    )
)  # fmt: skip
_OPTIONS: Mapping[str, str] = {
    "server": "--server",
    "timeout": "--timeout",
    "retries": "--retries",
    "headers": "--header",
    "query": "--query-param",
    "extra": "--extra",
    "validate": "--validate",
    "credentials": "--credential",
    "profile": "--profile",
    "content_type": "--content-type",
    "split": "--split",
    "client_id": "--client-id",
    "scheme": "SCHEME",
}
_SETTINGS: Mapping[str, str] = {"headers": "header", "query": "query_param", "credentials": "credential"}
"""The client's name of an option -> the shell's, where they differ."""


def typed(text: str) -> str:
    """A message with what people type in place of what they would write in Python."""
    for pattern, words in _PHRASES:
        text = pattern.sub(words, text)
    return _PLURAL.sub(r"1 \1", text)


def counted(number: int, noun: str) -> str:
    """``1 byte``, ``2,048 bytes``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@contextmanager
def options_named(origin: Mapping[str, str]) -> Iterator[None]:
    """Problems with call options name the option as it is typed, or the variable that the value came from.

    Parameters
    ----------
    origin:
        Name of a setting -> what gave it.
    """
    try:
        yield
    except ArgumentError as error:
        if error.operation or not error.problems:
            raise
        problems = tuple(_named(problem, origin) for problem in error.problems)
        raise ArgumentError(headline(error), problems=problems) from None


def _named(problem: Problem, origin: Mapping[str, str]) -> Problem:
    known = _OPTIONS.get(problem.where)
    if known is None:
        return problem
    return evolve(problem, where=origin.get(_SETTINGS.get(problem.where, problem.where), known))
