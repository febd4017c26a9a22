"""The authorization code grant for a program on this machine (RFC 6749, 4.1; PKCE: RFC 7636; loopback redirect: RFC 8252, 7.3)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import queue
import secrets
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from dynaclient.auth.oauth2 import Party, Refusal, Token, read_refusal
from dynaclient.auth.tokens import exchange, refused_by
from dynaclient.errors import CredentialsError

if TYPE_CHECKING:
    from dynaclient.auth.endpoints import Endpoints
    from dynaclient.auth.sender import Sender

PATIENCE = 300.0
"""How long to wait for the user, seconds."""

_PATH = "/callback"
_GOOD = "You are signed in. You can close this window."
_BAD = "Signing in did not work. The terminal says why."
_STRANGE = "This is not the reply that was waited for."


def challenge_of(verifier: str) -> str:
    """The S256 code challenge of a verifier (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def by_browser(
    sender: Sender,
    endpoints: Endpoints,
    party: Party,
    scopes: tuple[str, ...],
    *,
    label: str,
    open_browser: Callable[[str], Any],
    prompt: Callable[[str], Any],
    extra: Mapping[str, str],
    patience: float = PATIENCE,
) -> Token:
    """Let the user sign in with a browser on this machine, and fetch the token.

    Parameters
    ----------
    sender:
        The client's connections; the time is taken from its world.
    endpoints:
        Checked addresses.
    party, scopes:
        Who asks, and for what.
    label:
        The scheme in messages.
    open_browser:
        Opens a URL.
    prompt:
        Shows a text to the user.
    extra:
        Further fields of the authorization request.
    patience:
        Seconds to wait.

    Raises
    ------
    CredentialsError
        Where the user or the server refuses, or nobody answers in time.
    """
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    with _Receiver(state) as receiver:
        query = {
            **extra,
            "response_type": "code",
            "client_id": party.client_id,
            "redirect_uri": receiver.address,
            **({"scope": " ".join(scopes)} if scopes else {}),
            "state": state,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        url = endpoints.authorization + ("&" if "?" in endpoints.authorization else "?") + urlencode(query)
        prompt(f"To sign in, open this address in a browser on this machine, if it does not open by itself:\n{url}")
        open_browser(url)
        answer = receiver.wait(sender.world.clock, patience)
    code = _code(answer, endpoints, label)
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": receiver.address,
        "code_verifier": verifier,
    }
    token = exchange(sender, endpoints.token, party, fields)
    if isinstance(token, Refusal):
        raise refused_by(token, label, endpoints.token)
    return token


def _code(answer: Mapping[str, str], endpoints: Endpoints, label: str) -> str:
    """The code of an authorization response (RFC 6749, 4.1.2; its issuer: RFC 9207)."""
    if "error" in answer:
        raise CredentialsError(f"signing in for {label} was refused: {read_refusal(answer, 400)}")
    if endpoints.issuer and answer.get("iss", endpoints.issuer) != endpoints.issuer:
        raise CredentialsError(f"signing in for {label} was answered by another issuer than {endpoints.issuer}")
    if not answer.get("code"):
        raise CredentialsError(f"signing in for {label} was answered without a code")
    return answer["code"]


class _Receiver(ThreadingHTTPServer):
    """A server on 127.0.0.1, at a port that the system picks, that takes the one redirect that carries our ``state``."""

    daemon_threads = True

    def __init__(self, state: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.state = state
        self.answers: queue.SimpleQueue[dict[str, str]] = queue.SimpleQueue()
        self.host = f"127.0.0.1:{self.server_address[1]}"
        self.address = f"http://{self.host}{_PATH}"
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> _Receiver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def wait(self, clock: Callable[[], float], patience: float) -> dict[str, str]:
        """The parameters of the redirect."""
        end = clock() + patience
        while clock() < end:
            try:
                return self.answers.get(timeout=0.1)
            except queue.Empty:
                continue
        raise CredentialsError(
            f"nobody signed in within {patience:g} s. On a machine without a browser, use the device flow: dynaclient login --device"
        )

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that breaks off is not worth a traceback."""


class _Handler(BaseHTTPRequestHandler):
    timeout = 10.0
    server: _Receiver

    def do_GET(self) -> None:
        """The redirect, or something else that a browser asks for."""
        path, _, query = self.path.partition("?")
        answer = dict(parse_qsl(query, keep_blank_values=True))
        known = path == _PATH and self.headers.get("Host") == self.server.host
        if not known or not hmac.compare_digest(answer.get("state", "").encode(), self.server.state.encode()):
            self._say(404, _STRANGE)
            return
        self._say(400 if "error" in answer else 200, _BAD if "error" in answer else _GOOD)
        self.server.answers.put(answer)

    def _say(self, status: int, text: str) -> None:
        body = f"<!doctype html><meta charset=utf-8><title>dynaclient</title><p>{text}".encode()
        self.send_response(status)
        fields = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body)), "Connection": "close"}
        for name, value in {**fields, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the request line holds the code."""
