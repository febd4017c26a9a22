"""HTTP digest authentication (RFC 7616), and the form without ``qop`` that older servers ask for (RFC 2069, by RFC 2617, 3.2.2.1)."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from dynaclient.auth.challenge import Challenge, parse_challenges
from dynaclient.auth.need import Renewal, Secret, reveal
from dynaclient.errors import CredentialsError, UnsupportedError
from dynaclient.frozen import Struct

if TYPE_CHECKING:
    from dynaclient.auth.need import Replied
    from dynaclient.wire import Request, Timeout

_HASHES: Mapping[str, str] = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}


class DigestChallenge(Struct, frozen=True):
    """A digest challenge, checked (RFC 7616, 3.3). ``qop`` is ``"auth"``, or ``""`` where the server names none; ``algorithm`` is without ``-sess``."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    session: bool = False
    written_algorithm: str = ""
    qop: str = ""
    opaque: str | None = None
    userhash: bool = False
    stale: bool = False

    def hash(self, *parts: bytes | str) -> str:
        """H of the parts joined by colons, lower-case hex (RFC 7616, 3.2); text is taken as UTF-8."""
        data = b":".join(part.encode() if isinstance(part, str) else part for part in parts)
        # The protocol prescribes the algorithm; MD5 is what old servers know, and FIPS builds refuse it without this flag.
        return hashlib.new(_HASHES[self.algorithm], data, usedforsecurity=False).hexdigest()

    @property
    def realm_octets(self) -> bytes:
        """The realm as it was sent: header fields arrive as Latin-1, whatever they were written in."""
        return self.realm.encode("latin-1", "replace")


def read_challenge(challenges: Iterable[Challenge]) -> DigestChallenge | None:
    """The first digest challenge that can be answered: the server lists them in the order of its preference (RFC 7616, 3.7). None where there is none.

    Raises
    ------
    UnsupportedError
        Where there are digest challenges, and none that can be answered: ``qop=auth-int`` alone, or an unknown algorithm.
    """
    refused = ""
    for challenge in challenges:
        if challenge.scheme != "digest":
            continue
        given = challenge.parameters
        algorithm = given.get("algorithm", "MD5").upper()
        offered = [qop.strip().lower() for qop in given["qop"].split(",")] if "qop" in given else []
        plain = algorithm.removesuffix("-SESS")
        if _HASHES.get(plain) not in hashlib.algorithms_available:
            refused = f"algorithm={algorithm[:40]}"
        elif offered and "auth" not in offered:
            refused = f"qop={','.join(offered)[:40]}"
        elif "nonce" not in given or "realm" not in given:
            refused = "no realm or no nonce"
        elif plain != algorithm and not offered:
            refused = f"algorithm={algorithm} without qop"
        else:
            return DigestChallenge(
                realm=given["realm"],
                nonce=given["nonce"],
                algorithm=plain,
                session=plain != algorithm,
                written_algorithm=given.get("algorithm", ""),
                qop="auth" if offered else "",
                opaque=given.get("opaque"),
                userhash=given.get("userhash", "").lower() == "true",
                stale=given.get("stale", "").lower() == "true",
            )
    if refused:
        raise UnsupportedError(
            f"the server's digest challenge is not supported ({refused}); MD5, SHA-256 and SHA-512-256, also with -sess, and qop=auth are"
        )
    return None


def digest_field(
    challenge: DigestChallenge, user: str, password: str, method: str, uri: str, *, count: int, cnonce: str
) -> str:
    """The value of ``Authorization`` (RFC 7616, 3.4).

    Parameters
    ----------
    challenge:
        What the server asked for.
    user, password:
        Taken as UTF-8.
    method, uri:
        The request's method and target, as sent.
    count:
        How many requests were sent with this nonce, this one included.
    cnonce:
        The client's nonce, printable ASCII without quotes.
    """
    secret = challenge.hash(user, challenge.realm_octets, password)
    if challenge.session:
        secret = challenge.hash(secret, challenge.nonce, cnonce)
    nonces = (challenge.nonce, f"{count:08x}", cnonce, challenge.qop) if challenge.qop else (challenge.nonce,)
    response = challenge.hash(secret, *nonces, challenge.hash(method, uri))
    parts = [_username(challenge, user), f"realm={_quoted(challenge.realm)}", f"uri={_quoted(uri)}"]
    if challenge.written_algorithm:
        parts.append(f"algorithm={challenge.written_algorithm}")
    parts.append(f"nonce={_quoted(challenge.nonce)}")
    if challenge.qop:
        parts += [f"nc={count:08x}", f'cnonce="{cnonce}"', f"qop={challenge.qop}"]
    parts.append(f'response="{response}"')
    if challenge.opaque is not None:
        parts.append(f"opaque={_quoted(challenge.opaque)}")
    if challenge.userhash:
        parts.append("userhash=true")
    return f"Digest {', '.join(parts)}"


def _username(challenge: DigestChallenge, user: str) -> str:
    """RFC 7616, 3.4.4; letters beyond ASCII in the form of RFC 8187."""
    if challenge.userhash:
        return f'username="{challenge.hash(user, challenge.realm_octets)}"'
    if user.isascii():
        return f"username={_quoted(user)}"
    return f"username*=UTF-8''{quote(user, safe='')}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _fresh_cnonce() -> str:
    import secrets

    return secrets.token_urlsafe(24)


class DigestSession(Renewal):
    """A user at one origin: the nonce that the server gave last, and how often it was used.

    Parameters
    ----------
    user, password:
        The password may be a function.
    label:
        The scheme's name and where the credential came from, for messages.
    cnonce:
        Makes client nonces.
    """

    kind: ClassVar[str] = "Digest"

    def __init__(self, user: str, password: Secret, label: str, cnonce: Callable[[], str] = _fresh_cnonce) -> None:
        if not (isinstance(user, str) and _sendable(user) and (isinstance(password, str) or callable(password))):
            raise CredentialsError(
                f"the credential of {label} is not (user, password), two strings, the user's without a colon or control characters"
            )
        self._user, self._password = user, password
        self._cnonce = cnonce
        self._challenge: DigestChallenge | None = None
        self._count = 0
        self._lock = threading.Lock()

    def field(self, request: Request, timeout: Timeout | None) -> str:
        """``""`` before the first challenge; then the answer to the last one, its count one higher each time."""
        with self._lock:
            challenge = self._challenge
            if challenge is None:
                return ""
            self._count += 1
            count = self._count
        password = reveal(self._password)
        return digest_field(
            challenge, self._user, password, request.method, request.target or "/", count=count, cnonce=self._cnonce()
        )

    def renewed(self, sent: Request, reply: Replied) -> bool:
        """Take the server's new challenge. False where it refuses the very answer that it asked for: user or password are wrong."""
        challenge = read_challenge(parse_challenges(reply.headers.get_all("www-authenticate")))
        if challenge is None:
            return False
        answered = next((value for name, value in sent.headers.items() if name.lower() == "authorization"), "")
        if f"nonce={_quoted(challenge.nonce)}" in answered and not challenge.stale:
            return False
        with self._lock:
            if self._challenge is None or self._challenge.nonce != challenge.nonce:
                self._challenge, self._count = challenge, 0
        return True


def _sendable(user: str) -> bool:
    return user != "" and ":" not in user and user.isprintable()
