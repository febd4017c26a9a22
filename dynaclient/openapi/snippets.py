"""One call as text that makes it again: a Python program, a line of the shell. Pure; ``dynaclient.curl`` is the third of them.

Nothing secret stands in either: a text under a name that usually carries a credential is read from an environment variable, or, within a body, replaced by ``[redacted]``; the
credentials of the service are those that the client finds by itself.
"""

from __future__ import annotations

import json
import keyword
import os
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from dynaclient.openapi.media import decode_json, encode_json
from dynaclient.openapi.model import Operation, Parameter
from dynaclient.openapi.names import snake
from dynaclient.openapi.normal import OMIT, normal
from dynaclient.openapi.parts import File
from dynaclient.openapi.shape import choices, types
from dynaclient.wire import REDACTED, is_secret_name

_OPTIONS = ("server", "timeout", "retries", "validate", "headers", "query", "extra", "content_type")
_WIDTH = 100
_LITERALS: Mapping[str, str] = {"true": "boolean", "false": "boolean", "null": "null"}


def python(
    operation: Operation,
    arguments: Mapping[str, Any],
    *,
    spec: str | None = None,
    server: str | None = None,
    waits: bool = False,
) -> str:
    """A call as a Python program.

    Parameters
    ----------
    operation:
        What is called.
    arguments:
        Its arguments, and call options, by keyword, as they would be passed.
    spec, server:
        Those of the client; None: the document that ships, its first server.
    waits:
        With the client for asyncio.

    Raises
    ------
    NoFormError
        Where an argument stands for nothing that can be written.
    """
    fields = _by_name(operation)
    shown: list[tuple[str, str]] = []
    for name, value in arguments.items():
        if value is OMIT:
            continue
        if _is_secret(fields.get(name), name, value):
            shown.append((name, f'os.environ["{variable(name)}"]'))
        else:
            shown.append((name, _written(_unsecret(value))))
    given = [repr(spec)] if spec is not None else []
    given += [f"server={server!r}"] if server is not None else []
    kind, awaited, begin = ("AsyncClient", "await ", "    async with ") if waits else ("Client", "", "with ")
    indent = "        " if waits else "    "
    call = _called(f"{indent}reply = {awaited}client.{operation.dotted}", shown, indent)
    body = [f"{begin}dynaclient.{kind}({', '.join(given)}) as client:", call, f"{indent}print(reply)"]
    if waits:
        body = ["async def main():", *body, "", "", "asyncio.run(main())"]
    text = "\n".join(body)
    modules = [name for name, used in (("asyncio", waits), ("os", "os.environ[" in text)) if used]
    heads = [*(f"import {name}" for name in modules), *(["from pathlib import Path"] if "Path(" in text else [])]
    return (
        "\n".join([*heads, *([""] if heads else []), "import dynaclient", *(["", ""] if waits else [""]), text]) + "\n"
    )


def shell(
    operation: Operation,
    arguments: Mapping[str, Any],
    document: Mapping[str, Any],
    *,
    spec: str | None = None,
    server: str | None = None,
) -> str:
    """A call as a line of a POSIX shell: ``dynaclient call ...``.

    Parameters
    ----------
    operation, arguments, spec, server:
        See `python`.
    document:
        The document of the operation: how a text is written depends on what its schema allows.

    Raises
    ------
    NoFormError
        Where an argument stands for nothing that can be written.
    """
    fields = _by_name(operation)
    spelled = spellings(operation.arguments)
    words = [
        "dynaclient",
        *(["--spec", shlex.quote(spec)] if spec is not None else []),
        "call",
        shlex.quote(operation.dotted),
    ]
    given = (
        {**arguments, "server": server}
        if server is not None and not {"server"} & {*fields, *arguments}
        else dict(arguments)
    )
    keyword = operation.body.keyword if operation.body is not None else "body"
    body = f"--{keyword.strip('_').replace('_', '-')}"
    whole: dict[str, Any] = {}
    for name, value in given.items():
        field = fields.get(name)
        if value is OMIT or (field is None and value is None):
            continue
        if _is_secret(field, name, value):
            words.append(f'{spelled[field.python_name] if field else f"--{name}"}="${variable(name)}"')
        elif field is not None:
            text = _text(_unsecret(value), field, document)
            if text is None and field.location == "body":
                whole[field.name] = _unsecret(normal(value))
            else:
                words += _option(spelled[field.python_name], str(value) if text is None else text)
        elif name == keyword and isinstance(value, Mapping):
            whole = {**_unsecret(normal(value)), **whole}
        elif name == keyword:
            plain = normal(value)
            words += _option(body, plain if isinstance(plain, str) else encode_json(plain).decode())
        else:
            words += _shared(name, value)
    if whole:
        words += _option(body, encode_json(whole).decode())
    return " ".join(words)


def spellings(fields: Iterable[Parameter]) -> dict[str, str]:
    """Python name -> the option of the shell: ``encoding_format`` is ``--encoding-format``."""
    found: dict[str, str] = {}
    for field in sorted(fields, key=lambda field: (field.location == "body", not field.required)):
        wanted = "--" + (field.python_name.strip("_").replace("_", "-") or field.python_name)
        found[field.python_name] = f"--{field.python_name}" if wanted in found.values() else wanted
    return found


def variable(name: str) -> str:
    """The environment variable that stands for a secret argument."""
    return re.sub(r"[^A-Z0-9_]", "_", snake(name).upper().strip("_")) or "SECRET"


# --- secrets


def _by_name(operation: Operation) -> dict[str, Parameter]:
    """Every spelling of an argument."""
    found = {field.python_name: field for field in operation.arguments}
    for field in operation.arguments:
        found.setdefault(field.name, field)
        found.setdefault(f"{field.python_name}_", field)
    return found


def _is_secret(field: Parameter | None, name: str, value: Any) -> bool:
    """Whether an argument's value is not to be shown: a text under a name that usually carries a credential."""
    return isinstance(value, str) and is_secret_name(field.name if field else name)


def _unsecret(value: Any) -> Any:
    """A value whose texts under such names are replaced."""
    if isinstance(value, Mapping):
        return {
            key: REDACTED if is_secret_name(str(key)) and _is_text(item) else _unsecret(item)
            for key, item in value.items()
        }
    return [_unsecret(item) for item in value] if isinstance(value, (list, tuple)) else value


def _is_text(value: Any) -> bool:
    """Whether a value is a text, or texts in a row."""
    texts = value if isinstance(value, (list, tuple)) else (value,)
    return bool(texts) and all(isinstance(text, str) for text in texts)


# --- Python


def _called(begin: str, arguments: list[tuple[str, str]], indent: str) -> str:
    """A call on one line where it fits, else one argument a line."""
    plain = all(name.isidentifier() and not keyword.iskeyword(name) for name, _ in arguments)
    shown = [
        f"{name}={text}" if name.isidentifier() and not keyword.iskeyword(name) else f"**{{{name!r}: {text}}}"
        for name, text in arguments
    ]
    line = f"{begin}({', '.join(shown)})"
    if not shown or (len(line) <= _WIDTH and plain):
        return line
    return "\n".join([f"{begin}(", *(f"{indent}    {text}," for text in shown), f"{indent})"])


def _written(value: Any) -> str:
    """A value as Python source."""
    if isinstance(value, File):
        value = value.content
    if isinstance(value, os.PathLike):
        return f'Path("{os.fspath(value)}")' if '"' not in os.fspath(value) else f"Path({os.fspath(value)!r})"
    if hasattr(value, "read") and isinstance(getattr(value, "name", None), str):
        return f"Path({value.name!r})"
    if isinstance(value, bytes):
        return repr(value)
    plain = normal(value)
    return _quoted(plain) if isinstance(plain, str) else repr(plain)


def _quoted(text: str) -> str:
    return (
        json.dumps(text, ensure_ascii=False)
        if text.isprintable() and "\\" not in text and '"' not in text
        else repr(text)
    )


# --- the shell


def _option(name: str, text: str) -> list[str]:
    """An option and its value; where the value begins with a dash, in one word, so that it is not taken for an option."""
    return [shlex.quote(f"{name}={text}")] if text.startswith("-") or not text else [name, shlex.quote(text)]


def _text(value: Any, field: Parameter, document: Mapping[str, Any]) -> str | None:
    """A value as the text that the command reads as that value; None where there is no such text."""
    if isinstance(value, File):
        value = value.content
    if isinstance(value, os.PathLike):
        return f"@{os.fspath(value)}"
    plain = normal(value)
    if not isinstance(plain, str):
        return plain.decode("utf-8", "replace") if isinstance(plain, bytes) else encode_json(plain).decode()
    allowed = set(types(document, field.schema)) if field.schema else set()
    chosen = choices(document, field.schema) if field.schema else ()
    if plain in ("-", "@-"):
        return None if plain == "-" else "@@-"
    if plain in chosen:
        return plain
    if plain.lstrip()[:1] in ("[", "{") and (not allowed or allowed & {"array", "object"}):
        return None
    if _is_scalar(plain, allowed):
        return None if plain.startswith('"') else encode_json(plain).decode()
    return f"@{plain}" if plain.startswith("@") else plain


def _is_scalar(text: str, allowed: set[str]) -> bool:
    """Whether the command would take a text for something else: a number, true, false, null, or a text in quotes."""
    try:
        found = decode_json(text.strip().encode())
    except ValueError:
        return False
    if isinstance(found, str):
        return _is_scalar(found, allowed)
    kind = _LITERALS.get(text.strip(), "number")
    return not allowed or kind in allowed or (kind == "number" and "integer" in allowed)


def _is_plain(value: Any) -> bool:
    """Whether a value is a text that the command reads as that text."""
    return isinstance(value, str) and not _is_scalar(value, set()) and value[:1] not in ("[", "{", "@", "-")


def _pairs(option: str, name: str, value: Any) -> list[str]:
    """A query parameter, once for each of its values; of one that may be a key the name only."""
    values = value if isinstance(value, (list, tuple)) else [value]
    texts = [
        REDACTED if is_secret_name(name) else item if isinstance(item, str) else encode_json(item).decode()
        for item in values
    ]
    return [word for text in texts for word in _option(option, f"{name}={text}")]


def _shared(name: str, value: Any) -> list[str]:
    """A call option."""
    option = f"--{name.replace('_', '-')}"
    if name == "headers" and isinstance(value, Mapping):
        shown = {key: REDACTED if is_secret_name(key) else text for key, text in value.items()}
        return [word for key, text in shown.items() for word in _option("--header", f"{key}: {text}")]
    if name == "query" and isinstance(value, Mapping):
        return [word for key, item in value.items() for word in _pairs("--query-param", key, item)]
    if name == "extra" and isinstance(value, Mapping):
        plain = _unsecret({key: normal(item) for key, item in value.items()})
        texts = {key: item if _is_plain(item) else encode_json(item).decode() for key, item in plain.items()}
        return [word for key, text in texts.items() for word in _option("--extra", f"{key}={text}")]
    if name == "retries":
        if isinstance(value, Mapping):
            return _option(option, ",".join(f"{snake(key).replace('_', '-')}={item}" for key, item in value.items()))
        return _option(option, "none" if value is False or value == 0 else str(value))
    if name == "timeout" and not isinstance(value, (int, float, str)):
        return _option(option, f"{value.attempt or value.read:g}")
    if name not in _OPTIONS:
        return _option(option, str(value))
    return _option(option, value if isinstance(value, str) else encode_json(normal(value)).decode())
