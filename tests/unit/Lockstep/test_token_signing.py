"""Signing as the issuer does: with a secret or a private key from the environment, and a sentence where it is none."""

from __future__ import annotations

import jwt
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from Lockstep.errors import EnvironmentSetupError, UsageError
from Lockstep.targets import load_target
from Lockstep.targets.signing import signer
from Lockstep.token_forms import written

CLAIMS = {"sub": "alice", "exp": 4_000_000_000}
SECRET = "a secret of thirty-two characters or more"


@pytest.fixture
def target(tmp_path):
    """A target whose tokens are signed in this way."""

    def make(signing=None):
        path = tmp_path / "desk.yaml"
        path.write_text(yaml.safe_dump({
            "schema": 1, "name": "desk", "title": "Desk", "connect": {"url": "ws://127.0.0.1:1/ws", "auth": {"signing": signing}},
            "messages": {"send": {"id": "{message_id}"}, "reply": {"where": {"type": "answer"}, "message_id": "id"}},
        }))
        return load_target(path)

    return make


def key(name="DESK_KEY"):
    return {"from": "environment", "name": name}


def test_a_secret_signs(target, monkeypatch):
    monkeypatch.setenv("DESK_KEY", SECRET)
    token = signer(target({"key": key()}))({"typ": "JWT", "alg": "of before"}, written(CLAIMS))
    assert jwt.decode(token, SECRET, algorithms=["HS256"]) == CLAIMS
    assert jwt.get_unverified_header(token) == {"typ": "JWT", "alg": "HS256"}


def test_a_private_key_signs(target, monkeypatch):
    pair = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    monkeypatch.setenv("DESK_KEY", pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
    token = signer(target({"algorithm": "RS256", "key": key()}))({"kid": "first"}, written(CLAIMS))
    assert jwt.decode(token, pair.public_key(), algorithms=["RS256"]) == CLAIMS
    assert jwt.get_unverified_header(token)["kid"] == "first"


def test_the_secret_of_the_start_signs(target):
    desk = target({"key": {"from": "lifecycle"}})
    desk.values = {"secret": SECRET}
    assert jwt.decode(signer(desk)({}, written(CLAIMS)), SECRET, algorithms=["HS256"]) == CLAIMS


def test_what_is_no_key_is_a_sentence_that_does_not_repeat_it(target, monkeypatch):
    monkeypatch.setenv("DESK_KEY", "no PEM at all")
    with pytest.raises(EnvironmentSetupError, match=r"desk\.yaml: what 'connect\.auth\.signing\.key' names is no key for RS256$"):
        signer(target({"algorithm": "RS256", "key": key()}))
    with pytest.raises(EnvironmentSetupError, match="the signing key is read from the environment variable NOT_THERE, which is not set"):
        signer(target({"key": key("NOT_THERE")}))
    with pytest.raises(UsageError, match=r"Desk gives us no key; its file has no 'connect\.auth\.signing'"):
        signer(target())
