"""What may be told to a worker: configuration, and never a credential. No message here holds a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from dynaclient.bulk.engines.tables import bad
from dynaclient.wire import is_secret_name

CLIENT_OPTIONS = frozenset(
    {
        "server",
        "timeout",
        "retries",
        "validate",
        "headers",
        "query",
        "profile",
        "proxy",
        "ca_bundle",
        "pool_size",
        "settings",
    }
    | {"server_variables", "overlays"}
)
"""The options of a client that are carried."""
_CREDENTIALS = frozenset({"bearer_auth", "credentials"})
_ELSEWHERE = "credentials come from the environment of the workers"


def refuse_secrets(spec: Any, constants: Mapping[str, Any], client: Mapping[str, Any]) -> None:
    """Refuse what would carry a secret to the workers.

    Parameters
    ----------
    spec, constants, client:
        As for `dynaclient.BatchCall`.

    Raises
    ------
    ArgumentError
        With the name of what may be secret.
    """
    for name in client:
        if name not in CLIENT_OPTIONS:
            known = ", ".join(sorted(CLIENT_OPTIONS))
            raise bad(f"client.{name}", f"is not carried to workers; {known} are. C{_ELSEWHERE[1:]}")
    for name, value in constants.items():
        if name in _CREDENTIALS or (isinstance(value, str) and is_secret_name(name)):
            raise bad(f"constants.{name}", f"may be secret; {_ELSEWHERE}")
    for where, options in (("client", client), ("constants", constants)):
        for option in ("headers", "query", "extra", "settings", "server_variables"):
            for name in _names(options.get(option)):
                if is_secret_name(name):
                    raise bad(f"{where}.{option}", f"{name!r} may be secret; {_ELSEWHERE}")
    urls = {"spec": spec, "client.server": client.get("server"), "client.proxy": client.get("proxy")}
    for where, url in {**urls, "constants.server": constants.get("server")}.items():
        is_path = where == "spec" and isinstance(url, str) and "://" not in url
        if isinstance(url, str) and not is_path and _holds_secret(url):
            raise bad(where, f"the URL holds a password or a token; {_ELSEWHERE}")


def _names(pairs: Any) -> Iterator[str]:
    """The names of a mapping, or of pairs."""
    if isinstance(pairs, Mapping):
        yield from map(str, pairs)
    elif isinstance(pairs, Iterable) and not isinstance(pairs, (str, bytes)):
        yield from (str(pair[0]) for pair in pairs if isinstance(pair, (tuple, list)) and pair)


def _holds_secret(url: str) -> bool:
    try:
        parts = urlsplit(url if "://" in url else f"//{url}")
        return "@" in parts.netloc or any(is_secret_name(name) for name, _ in parse_qsl(parts.query))
    except ValueError:  # no URL: told of when it is used
        return "@" in url
