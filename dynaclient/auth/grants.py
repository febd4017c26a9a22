"""How the token of each kind of account is fetched, and fetched again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from dynaclient.auth.accounts import OAuth2Account, OAuth2ClientCredentials, OAuth2Refresh
from dynaclient.auth.endpoints import Endpoints, Issuing
from dynaclient.auth.oauth2 import Party, Refusal, Token, first_fields
from dynaclient.auth.tokens import exchange, refused_by

if TYPE_CHECKING:
    from dynaclient.auth.sender import Sender
    from dynaclient.auth.tokens import Fetch
    from dynaclient.wire import Timeout


def grant_of(account: OAuth2Account) -> str:
    """The grant type of an account (RFC 6749, 4.3.2, 4.4.2, 6)."""
    if isinstance(account, OAuth2ClientCredentials):
        return "client_credentials"
    return "refresh_token" if isinstance(account, OAuth2Refresh) else "password"


def account_fetch(
    sender: Callable[[], Sender],
    issuing: Issuing,
    account: OAuth2Account,
    scopes: tuple[str, ...],
    scrub: Callable[[str], str],
) -> Fetch:
    """What fetches an account's token.

    Parameters
    ----------
    sender:
        Gives the client's connections when they are first needed.
    issuing:
        Where tokens come from; its addresses are settled once.
    account, scopes:
        Whose token, and what it is for.
    scrub:
        Takes known secrets out of a server's words.
    """
    known: list[Endpoints] = []
    party = Party(account.client_id, account.client_secret, account.auth)

    def ask(fields: dict[str, str], timeout: Timeout | None, *, repeatable: bool) -> Token | Refusal:
        return exchange(sender(), known[0].token, party, fields, repeatable=repeatable, timeout=timeout, scrub=scrub)

    def fetch(before: Token | None, timeout: Timeout | None) -> Token:
        if not known:
            known.append(issuing.settled(sender(), timeout))
        refresh = before.refresh if before is not None else ""
        if refresh and not isinstance(account, OAuth2ClientCredentials):
            answer = ask(first_fields(account, scopes, refresh), timeout, repeatable=False)
            if isinstance(answer, Token):
                return replace(answer, refresh=answer.refresh or refresh)
            if isinstance(account, OAuth2Refresh) or answer.code != "invalid_grant":
                raise refused_by(answer, issuing.label, known[0].token)
        fields = first_fields(account, scopes)
        answer = ask(fields, timeout, repeatable=not isinstance(account, OAuth2Refresh))
        if isinstance(answer, Refusal):
            raise refused_by(answer, issuing.label, known[0].token)
        return replace(answer, refresh=answer.refresh or fields.get("refresh_token", ""))

    return fetch
