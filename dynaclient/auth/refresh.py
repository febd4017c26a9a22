"""The token of a kept login: refreshed when it is used, and kept again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dynaclient.auth.keep import Kept, Login
from dynaclient.auth.oauth2 import Party, Refusal, Token
from dynaclient.auth.tokens import TokenSource, TokenStore, exchange, refused_by
from dynaclient.errors import CredentialsError

if TYPE_CHECKING:
    from dynaclient.auth.wallet import Wallet
    from dynaclient.wire import Timeout


def login_source(wallet: Wallet, login: Login) -> TokenSource:
    """The tokens of a login, for all threads and, one after the other, for all processes."""
    keep = wallet.keep

    def fetch(before: Token | None, timeout: Timeout | None) -> Token:
        with keep.alone():
            kept = keep.open(login)
            if kept is None:
                raise CredentialsError(f"the login for {login.name} is gone: {_again(login)}")
            wallet.remember(kept.token.value, kept.token.refresh, kept.client_secret or "")
            if kept.token.fresh(wallet.sender.world.now()) and (before is None or kept.token.value != before.value):
                return kept.token  # another process has refreshed it, or it is still good
            token = _refreshed(wallet, login, kept, timeout)
            keep.put(login, replace(kept, token=token))
            return token

    return TokenSource(TokenStore(fetch, lambda: wallet.sender.world.now()), wallet.remember)


def _refreshed(wallet: Wallet, login: Login, kept: Kept, timeout: Timeout | None) -> Token:
    before = kept.token
    if not before.refresh:
        raise CredentialsError(
            f"the login for {login.name} has expired and came without a refresh token: {_again(login)}"
        )
    fields = {"grant_type": "refresh_token", "refresh_token": before.refresh}
    party = Party(login.client_id, kept.client_secret, login.auth)
    answer = exchange(wallet.sender, login.token_url, party, fields, timeout=timeout, scrub=wallet.scrub)
    if isinstance(answer, Refusal):
        if answer.code == "invalid_grant":
            raise CredentialsError(f"the login for {login.name} has ended ({answer}): {_again(login)}")
        raise refused_by(answer, login.name, login.token_url)
    wallet.remember(answer.value, answer.refresh)
    return replace(answer, refresh=answer.refresh or before.refresh)


def _again(login: Login) -> str:
    return f"log in again with `dynaclient login {login.scheme}`"
