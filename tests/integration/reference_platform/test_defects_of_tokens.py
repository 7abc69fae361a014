"""X4: each defect of tokens misbehaves as its name says, and a correct platform does not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect


def part(fields):
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).rstrip(b"=").decode()


def shown(platform, token):
    """What somebody sees who shows this token: types of frames, and how it ends (an HTTP status, a close code, or nothing)."""
    try:
        with connect(f"{platform.ready['websocket_url']}?token={token}", compression=None) as client:
            told = []
            try:
                told.append(json.loads(client.recv(timeout=30))["type"])
                client.ping().wait(30)
            except ConnectionClosed as closed:
                return told, closed.rcvd.code
            return told, None
    except InvalidStatus as refusal:
        return [], refusal.response.status_code


def over(platform, seconds=300):
    return platform.account("alice", claims={"exp": int(platform.control("clock")["now"]) - seconds})["token"]


def by_nobody(platform):
    claims = platform.account("alice")["token"].split(".")[1]
    return f"{part({'alg': 'nOnE'})}.{claims}."


def by_another(platform):
    return platform.account("alice")["token"][:-8] + "AAAAAAAA"


def for_others(platform):
    return platform.account("alice", claims={"iss": "elsewhere", "aud": "others"})["token"]


def four_seconds_left(platform):
    return platform.account("alice", claims={"exp": int(platform.control("clock")["now"]) + 4})["token"]


GREETED = (["connection_established"], None)


@pytest.mark.parametrize(("defect", "token", "wrong"), [
    ("x4_accept_expired", over, GREETED),
    ("x4_alg_none", by_nobody, GREETED),
    ("x4_sig_not_checked", by_another, GREETED),
    ("x4_aud_iss_ignored", for_others, GREETED),
    ("x4_wrong_close_code", over, ([], 1011)),
    ("x4_data_before_auth", over, (["connection_established"], 4401)),
])
def test_a_bad_token_is_treated_as_the_name_says(serve, defect, token, wrong):
    correct, broken = serve(), serve("--defect", defect)
    assert shown(correct, token(correct)) == ([], 401)
    assert shown(broken, token(broken)) == wrong
    assert shown(broken, broken.account("alice")["token"]) == GREETED, "a good one is good everywhere"


def test_a_public_key_is_taken_for_a_secret(serve, tmp_path):
    public = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    key = {**jwt.get_algorithm_by_name("RS256").to_jwk(public, as_dict=True), "kid": "partner"}
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [key]}))
    settings = ("--set", "token_algorithms=HS256, RS256", "--set", f"jwks_file={tmp_path / 'keys.json'}")
    correct, broken = serve(*settings), serve(*settings, "--defect", "x4_key_confusion")
    head = f"{part({'alg': 'HS256', 'kid': 'partner'})}.{correct.account('alice')['token'].split('.')[1]}"
    signature = hmac.digest(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), head.encode(), hashlib.sha256)
    forged = f"{head}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
    assert shown(correct, forged) == ([], 401)
    assert shown(broken, forged) == GREETED
    assert shown(broken, by_another(broken)) == ([], 401)
    assert shown(broken, broken.account("alice")["token"]) == GREETED, "a good one is good everywhere"


def test_a_second_more_is_given(serve):
    """Up to a second behind the end, and no more."""
    broken = serve("--defect", "x4_one_second_past")
    assert GREETED in [shown(broken, over(broken, 0)) for _ in range(10)]
    assert shown(broken, over(broken, 2)) == ([], 401)


def test_a_clock_ahead_refuses_who_has_little_left(serve):
    correct, broken = serve(), serve("--defect", "x4_refuse_valid")
    assert shown(correct, four_seconds_left(correct)) == GREETED
    assert shown(broken, four_seconds_left(broken)) == ([], 401)
