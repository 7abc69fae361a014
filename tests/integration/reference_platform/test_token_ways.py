"""How a token travels: in the address, as a sub-protocol, as a ticket; how it is refused; and whose keys count."""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.error
import urllib.request

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

SPOKEN = "agents.v1"


def shown(platform, *, query="", subprotocols=None, **headers):
    """The greeting's type and the sub-protocol, or the HTTP status, or the close code."""
    try:
        with connect(platform.ready["websocket_url"] + query, subprotocols=subprotocols, additional_headers=headers, compression=None) as client:
            return json.loads(client.recv(timeout=30))["type"], client.subprotocol
    except InvalidStatus as refusal:
        return refusal.response.status_code
    except ConnectionClosed as closed:
        return closed.rcvd.code


def ticket(platform, token):
    request = urllib.request.Request(f"{platform.ready['auth_url']}/auth/ticket", b"{}", {"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code


GREETED = "connection_established"


def test_as_a_sub_protocol_beside_one_that_is_spoken(lent, alice):
    token = lent.account(alice)["token"]
    assert shown(lent, subprotocols=[f"jwt.test.{token}", SPOKEN]) == (GREETED, SPOKEN)
    assert shown(lent, subprotocols=[SPOKEN, f"jwt.any.{token}"]) == (GREETED, SPOKEN)
    assert shown(lent, subprotocols=[SPOKEN, f"jwt.test.{token}x"]) == 401
    assert shown(lent, subprotocols=[SPOKEN, token]) == 401, "a token without the word in front of it is none"


def test_whoever_names_sub_protocols_must_name_one_that_is_spoken(lent, alice):
    token = lent.account(alice)["token"]
    assert shown(lent, subprotocols=[f"jwt.test.{token}"]) == 1003
    assert shown(lent, query=f"?token={token}", subprotocols=["chat.v9"]) == 1003
    assert shown(lent, subprotocols=["chat.v9"]) == 401, "who is nobody learns nothing of what is spoken"
    assert shown(lent, query=f"?token={token}") == (GREETED, None)


def test_a_ticket_works_once(lent, alice):
    answer = ticket(lent, lent.account(alice)["token"])
    assert answer["expires_in"] == 30
    assert [shown(lent, query=f"?ticket={answer['ticket']}") for _ in range(2)] == [(GREETED, None), 401]
    assert shown(lent, query="?ticket=made-up") == 401
    assert ticket(lent, "garbage") in {401, 429}


def test_a_ticket_is_over_soon_and_so_is_one_whose_token_is_over(serve, alice):
    platform = serve()
    early = ticket(platform, platform.account(alice)["token"])["ticket"]
    platform.control("clock", {"advance": 31})
    assert shown(platform, query=f"?ticket={early}") == 401
    short = ticket(platform, platform.account(alice, ttl=5)["token"])["ticket"]
    platform.control("clock", {"advance": 7})
    assert shown(platform, query=f"?ticket={short}") == 401


@pytest.mark.parametrize(("way", "code"), [("close_4401", 4401), ("close_1008", 1008)])
def test_a_bad_token_may_be_refused_by_a_close_frame(serve, alice, way, code):
    platform = serve("--set", f"token_refusal={way}")
    assert shown(platform, query="?token=garbage") == code
    assert shown(platform, query=f"?token={platform.account(alice)['token']}") == (GREETED, None)
    assert platform.control("sessions")["sessions"] == []


def test_a_token_that_cannot_be_read_for_its_length_is_on_record(serve):
    platform = serve()
    token = "x" * 65_536
    assert shown(platform, Authorization=f"Bearer {token}") == 431
    assert shown(platform, query=f"?token={token}") == 431
    assert shown(platform, Cookie=token) == 431
    events = platform.lines("audit?since=0")
    assert [(event["type"], event["fingerprint"]) for event in events] == [("token_malformed", hashlib.sha256(token.encode()).hexdigest()[:16])] * 2


# keys of somebody else


@pytest.fixture(scope="module")
def pair():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public(pair, name="first"):
    return {**json.loads(jwt.get_algorithm_by_name("RS256").to_jwk(pair.public_key())), "kid": name, "use": "sig", "alg": "RS256"}


def signed(pair, *, kid="first", algorithm="RS256", **changes):
    claims = {"sub": "alice", "iss": "https://issuer.test", "aud": "desk", "exp": 4_000_000_000, **changes}
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, pair, algorithm=algorithm, headers={"kid": kid} if kid else None)


@pytest.fixture
def elsewhere(serve, tmp_path, pair):
    """A platform that trusts an issuer whose keys are in a file, and still its own."""
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [{"kty": "oct", "k": "AAAA", "kid": "symmetric"}, public(pair)]}))
    settings = {"token_algorithms": "RS256, HS256", "jwks_file": str(tmp_path / "keys.json"), "token_issuer": "https://issuer.test", "token_audience": "desk"}
    return serve(*(word for name, value in settings.items() for word in ("--set", f"{name}={value}")))


def test_tokens_of_somebody_else_count_if_they_are_signed_with_the_right_key(elsewhere, pair):
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert shown(elsewhere, query=f"?token={signed(pair)}") == (GREETED, None)
    assert shown(elsewhere, query=f"?token={signed(pair, aud=['others', 'desk'])}") == (GREETED, None)
    assert shown(elsewhere, query=f"?token={signed(pair, kid=None)}") == (GREETED, None), "there is only one key"
    for bad in (signed(other), signed(pair, kid="second"), signed(other, kid=None), signed(pair, kid="../keys.json"), signed(pair, aud="others"),
                signed(pair, iss=None), signed(pair, exp=1)):  # fmt: skip
        assert shown(elsewhere, query=f"?token={bad}") == 401
    assert {event["reason"] for event in elsewhere.lines("audit?since=0")} == {"signature", "audience", "issuer", "expired"}


def test_a_public_key_is_no_secret(elsewhere, pair):
    """Key confusion: HS256 with the public key for a secret, in each form in which it is published."""
    key = pair.public_key()
    forms = [key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
             key.public_bytes(Encoding.PEM, PublicFormat.PKCS1), json.dumps(public(pair)).encode()]
    claims = signed(pair).split(".")[1]
    for form in forms:
        head = jwt.utils.base64url_encode(b'{"alg":"HS256","kid":"first"}').decode() + "." + claims
        forged = head + "." + jwt.utils.base64url_encode(hmac.new(form, head.encode(), hashlib.sha256).digest()).decode()
        assert shown(elsewhere, query=f"?token={forged}") == 401


def test_public_keys_can_be_read_by_everybody(elsewhere, pair, serve):
    address = "/.well-known/jwks.json"
    assert elsewhere.ask(elsewhere.ready["auth_url"] + address) == {"keys": [public(pair)]}
    secretive = serve()
    assert secretive.ask(secretive.ready["auth_url"] + address) == {"keys": []}


def test_rs256_without_keys_is_a_sentence(serve):
    with pytest.raises(RuntimeError, match="token_algorithms has RS256, so that jwks_url or jwks_file must say whose keys count"):
        serve("--set", "token_algorithms=RS256")
