"""Forms of bad tokens: each differs from the genuine one as its name says, and an ordinary library refuses every one."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from Lockstep.token_forms import FORMS, HOUR, Genuine, Published, decoded, encoded, written

KEY = "a key of thirty-two characters or more"
NOW = 1_800_000_000
CLAIMS = {"sub": "user-1", "iss": "issuer", "aud": "desk", "iat": NOW, "exp": NOW + HOUR}
REQUIRED = ["exp", "sub", "iss", "aud"]


def sign(header, claims):
    part = f"{encoded(written({**header, 'alg': 'HS256'}))}.{encoded(claims)}"
    return f"{part}.{encoded(jwt.get_algorithm_by_name('HS256').sign(part.encode(), KEY.encode()))}"


PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLISHED = Published("partner", PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
GENUINE = Genuine(sign({"typ": "JWT"}, written(CLAIMS)), NOW, sign, PUBLISHED)
SIGNED = [name for name, form in FORMS.items() if form.needs_key]
TOLERATED = {
    "exp as fraction", "exp as text", "exp twice, first over", "sub twice", "sub as number", "exp as truth",
}
"""PyJWT alone would take these, or some versions of it do; the reference platform reads more strictly."""


def read(token, **options):
    return jwt.decode(token, KEY, algorithms=["HS256"], issuer="issuer", audience="desk", options={"require": REQUIRED, "verify_iat": False, **options})


@pytest.fixture(autouse=True)
def at_this_time(monkeypatch):
    """The library's clock stands at NOW."""

    class Then(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(NOW, UTC)

    monkeypatch.setattr(jwt.api_jwt, "datetime", Then)


def test_the_genuine_one_is_good():
    assert read(GENUINE.text) == CLAIMS


@pytest.mark.parametrize("name", sorted(set(FORMS) - TOLERATED))
def test_an_ordinary_library_refuses_it(name):
    with pytest.raises((jwt.PyJWTError, ValueError, OverflowError)):
        read(FORMS[name].make(GENUINE))


@pytest.mark.parametrize("name", SIGNED)
def test_what_needs_the_key_is_well_signed(name):
    token = FORMS[name].make(GENUINE)
    assert jwt.PyJWS().decode(token, KEY.encode(), algorithms=["HS256"])
    with pytest.raises(ValueError, match="needs the issuer's key"):
        FORMS[name].make(Genuine(GENUINE.text, NOW))


@pytest.mark.parametrize("name", sorted(set(FORMS) - set(SIGNED)))
def test_the_others_need_no_key(name):
    assert FORMS[name].make(Genuine(GENUINE.text, NOW, published=PUBLISHED)) != GENUINE.text


def test_a_public_key_becomes_a_secret():
    form = FORMS["public key as secret"]
    header, claims, signature = form.make(GENUINE).split(".")
    assert (decoded(header)["kid"], decoded(claims)["sub"]) == ("partner", "administrator")
    assert signature == encoded(hmac.digest(PUBLISHED.pem, f"{header}.{claims}".encode(), "sha256"))
    with pytest.raises(ValueError, match="needs a published key"):
        form.make(Genuine(GENUINE.text, NOW))


def test_each_is_another_one():
    made = [FORMS[name].make(GENUINE) for name in FORMS]
    assert len(set(made)) == len(made)


def test_edited_claims_stay_readable():
    assert decoded(FORMS["sub edited, old signature"].make(GENUINE).split(".")[1])["sub"] == "administrator"
    assert decoded(FORMS["permissions edited, other key"].make(GENUINE).split(".")[1])["permissions"] == ["admin", "*"]
    header, claims, signature = FORMS["exp edited, old signature"].make(GENUINE).split(".")
    aged = sign(decoded(header), written({**CLAIMS, "exp": NOW - HOUR}))
    assert (decoded(claims)["exp"] > NOW, signature) == (True, aged.rpartition(".")[2]), "the signature is that of a token which is over"


def test_sizes_and_doubles():
    assert len(FORMS["64 KiB"].make(GENUINE)) > 65_536
    text = base64.urlsafe_b64decode(FORMS["exp twice, last over"].make(GENUINE).split(".")[1] + "==").decode()
    assert text.count('"exp"') == 2
    assert text.index(str(NOW - HOUR)) > text.index(str(NOW + 31_536_000))
