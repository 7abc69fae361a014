"""Tokens from an OpenID Connect provider: the authorization code flow, as a browser would go through it for its user."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from ..errors import EnvironmentSetupError
from .placeholders import decoded, filled

if TYPE_CHECKING:
    from .connect import Provider
    from .http import Http


async def login(http: Http, provider: Provider, issuer: str, user: str) -> dict[str, Any]:
    """What the provider answers to the one who has logged in: ``id_token``, ``access_token``, mostly ``refresh_token``.

    ``issuer`` is its address. Whatever goes wrong there is an error with its words; there is no other way in.
    """
    what = f"token for {user} from {issuer}"
    place = await _discovered(http, what, issuer)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code", "client_id": provider.client_id, "redirect_uri": provider.redirect_uri, "scope": provider.scope, "state": state,
        "nonce": nonce, "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    form = {name: filled(value, {"user": user}.__getitem__) for name, value in provider.form.items()}
    back = await http.form(what, f"{place['authorization_endpoint']}?{urlencode(asked)}", form, follows=False)
    said = {name: values[0] for name, values in parse_qs(urlsplit(back.location).query).items()}
    if "code" not in said:
        words = said.get("error_description") or said.get("error") or f"HTTP {back.status} without a code"
        raise EnvironmentSetupError(f"{what}: the provider let nobody in: {words}; see 'connect.auth.token.provider.form' in the target file")
    if said.get("state") != state:
        raise EnvironmentSetupError(f"{what}: the provider came back with a state that is not ours")
    return await _tokens(http, what, place, provider, {"grant_type": "authorization_code", "code": said["code"], "redirect_uri": provider.redirect_uri, "code_verifier": verifier})


async def renewed(http: Http, provider: Provider, issuer: str, refresh_token: str) -> dict[str, Any]:
    """What the provider answers to a refresh token."""
    what = f"new token from {issuer}"
    place = await _discovered(http, what, issuer)
    return await _tokens(http, what, place, provider, {"grant_type": "refresh_token", "refresh_token": refresh_token})


async def _discovered(http: Http, what: str, issuer: str) -> dict[str, Any]:
    place = await http.json(what, "GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if not isinstance(place, dict) or place.get("issuer") != issuer.rstrip("/"):
        raise EnvironmentSetupError(f"{what}: what answers there calls itself {place.get('issuer') if isinstance(place, dict) else 'nothing'}")
    return place


async def _tokens(http: Http, what: str, place: dict[str, Any], provider: Provider, form: dict[str, str]) -> dict[str, Any]:
    answer = await http.form(what, str(place["token_endpoint"]), form, account=(provider.client_id, _secret(provider)))
    found = decoded(answer.body)
    if not isinstance(found, dict):
        raise EnvironmentSetupError(f"{what}: the provider answered {len(answer.body)} bytes that are no JSON object")
    return found


def _secret(provider: Provider) -> str:
    if provider.client_secret_from is None:
        return ""
    secret = os.environ.get(provider.client_secret_from)
    if not secret:
        raise EnvironmentSetupError(f"the client secret is read from the environment variable {provider.client_secret_from}, which is not set")
    return secret
