"""What a target publishes is read as RFC 7517 has it, and anything else is a sentence."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from Lockstep.errors import EnvironmentSetupError, UsageError
from Lockstep.targets.signing import published

PUBLIC = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
KEY = jwt.get_algorithm_by_name("RS256").to_jwk(PUBLIC, as_dict=True)


def read(answer, address="http://desk/keys"):
    async def json(*_asked):
        return answer

    auth = SimpleNamespace(public_keys=address)
    target = SimpleNamespace(file=SimpleNamespace(connect=SimpleNamespace(auth=auth)), title="the desk", path="desk.yaml", fill=str, http=SimpleNamespace(json=json))
    return asyncio.run(published(target))


@pytest.mark.parametrize("others", [[], [{"kty": "EC", "crv": "P-256"}], [{"kty": "oct", "k": "AAAA", "kid": "first"}]])
def test_the_first_rsa_key_is_taken(others):
    found = read({"keys": [*others, {**KEY, "kid": "partner"}, {**KEY, "kid": "another"}]})
    assert found.name == "partner"
    assert load_pem_public_key(found.pem) == PUBLIC
    assert read({"keys": [KEY]}).name is None


@pytest.mark.parametrize("answer", [
    {}, [], None, "keys", {"keys": None}, {"keys": 5}, {"keys": []}, {"keys": ["RSA"]}, {"keys": [{}]}, {"keys": [{"kty": "EC"}]}, {"keys": [{"kty": "RSA"}]},
    {"keys": [{**KEY, "n": "?"}]}, {"keys": [{**KEY, "n": 5}]}, {"keys": [{**KEY, "e": ""}]},
])  # fmt: skip
def test_anything_else_is_a_sentence(answer):
    with pytest.raises(EnvironmentSetupError, match=r"public keys: what 'connect\.auth\.public_keys' in desk\.yaml names has no RSA key in the form of RFC 7517"):
        read(answer)


def test_who_publishes_nothing_is_not_asked():
    with pytest.raises(UsageError, match=r"the desk publishes no keys; its file has no 'connect\.auth\.public_keys'"):
        read({}, address=None)
