"""The device authorization grant (RFC 8628): the user signs in on another device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dynaclient.auth.oauth2 import Party, Token, encode_form, read_object, read_refusal, words_of
from dynaclient.auth.sender import shown
from dynaclient.auth.tokens import exchange, refused_by
from dynaclient.errors import CredentialsError, TransportError

if TYPE_CHECKING:
    from dynaclient.auth.endpoints import Endpoints
    from dynaclient.auth.sender import Sender

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_INTERVAL = 5.0  # seconds, RFC 8628, 3.2 and 3.5
_SLOWER = 5.0
_LIFE = 1800.0


def by_device(
    sender: Sender,
    endpoints: Endpoints,
    party: Party,
    scopes: tuple[str, ...],
    *,
    label: str,
    prompt: Callable[[str], Any],
    extra: Mapping[str, str],
) -> Token:
    """Show the user a code, and wait until it was entered elsewhere; parameters as for `dynaclient.auth.browser.by_browser`.

    Raises
    ------
    CredentialsError
        Where the user or the server refuses, or the code expires.
    """
    fields = {**extra, **({"scope": " ".join(scopes)} if scopes else {})}
    headers, form = party.introduce(fields)
    form["client_id"] = party.client_id
    response = sender.post(endpoints.device, headers, encode_form(form), repeatable=True)
    value = read_object(response, shown(endpoints.device))
    if response.status >= 400 or "error" in value:
        raise refused_by(read_refusal(value, response.status), label, endpoints.device)
    code, user_code = value.get("device_code"), words_of(value.get("user_code"))
    where = words_of(value.get("verification_uri") or value.get("verification_url"))
    if not isinstance(code, str) or not code or not user_code or not where.startswith(("https://", "http://")):
        raise CredentialsError(f"{shown(endpoints.device)} answered without device_code, user_code or verification_uri")
    prompt(f"To sign in, open {where} on any device and enter the code {user_code}")
    interval, life = _number(value.get("interval"), _INTERVAL), _number(value.get("expires_in"), _LIFE)
    return _poll(sender, endpoints, party, code, label=label, interval=interval, life=life)


def _poll(
    sender: Sender, endpoints: Endpoints, party: Party, code: str, *, label: str, interval: float, life: float
) -> Token:
    """Ask for the token until there is one (RFC 8628, 3.4 and 3.5)."""
    fields = {"grant_type": GRANT, "device_code": code, "client_id": party.client_id}
    world = sender.world
    end = world.clock() + life
    while world.clock() + interval <= end:
        world.sleep(interval)
        try:
            answer = exchange(sender, endpoints.token, party, fields)
        except TransportError:
            interval *= 2
            continue
        if isinstance(answer, Token):
            return answer
        if answer.code == "slow_down":
            interval += _SLOWER
        elif answer.code not in ("authorization_pending", "expired_token"):
            raise refused_by(answer, label, endpoints.token)
        elif answer.code == "expired_token":
            break
    raise CredentialsError(f"the code for {label} expired before it was entered; begin again")


def _number(value: Any, default: float) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e6
    return float(value) if good else default
