"""Tokens that a forger would try: each form is made from a genuine token by one change, and has a name for the suites.

A form that only somebody can make who signs as the issuer does, such as a token that is over, needs the key of the target
(``connect.auth.signing`` in its file); all others need nothing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

HOUR, YEAR = 3600, 365 * 24 * 3600
ADMINISTRATOR = "administrator"
"""Whom a forger would like to be."""
LARGE = 65_536
"""Characters of a token that is too large."""
OTHER_KEY = b"a key that the forger has made up, and nobody else knows"
"""No secret: what is signed with it must be refused."""

Sign = Callable[[Mapping[str, Any], bytes], str]
"""Header and claims (JSON) in, the whole token out."""


def encoded(data: bytes | str) -> str:
    """In base64url, without padding."""
    return base64.urlsafe_b64encode(data.encode() if isinstance(data, str) else data).rstrip(b"=").decode()


def decoded(part: str) -> Any:
    """The JSON in a part of a token."""
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def named_in(token: str) -> str:
    """The user whom a token names, true or not; empty where it cannot be read."""
    try:
        named = decoded(token.split(".")[1]).get("sub")
    except (ValueError, IndexError, AttributeError, RecursionError):
        return ""
    return named if isinstance(named, str) else ""


def written(value: Mapping[str, Any]) -> bytes:
    """JSON without blanks."""
    return json.dumps(value, separators=(",", ":")).encode()


class Published(NamedTuple):
    """A public key as it is published."""

    name: str | None
    """Its ``kid``."""
    pem: bytes


@dataclass(frozen=True)
class Genuine:
    """A token as the issuer has made it, and what a forger has at hand."""

    text: str
    now: int
    """The target's clock, in whole seconds."""
    sign: Sign | None = None
    """Signs as the issuer does; None where nobody has given us the key."""
    published: Published | None = None
    """A key with which the target checks tokens, and which anybody may read; None where it publishes none."""

    @property
    def parts(self) -> tuple[str, str, str]:
        """As they stand in the token."""
        header, claims, signature = self.text.split(".")
        return header, claims, signature

    @property
    def header(self) -> dict[str, Any]:
        """What it says of itself."""
        return dict(decoded(self.parts[0]))

    @property
    def claims(self) -> dict[str, Any]:
        """What it claims."""
        return dict(decoded(self.parts[1]))

    def signed(self, **changes: Any) -> str:
        """With other claims, by the issuer's own key; None leaves one out."""
        return self.signed_as(_changed(self.claims, changes))

    def signed_as(self, claims: Mapping[str, Any] | bytes) -> str:
        """With these claims, by the issuer's own key."""
        if self.sign is None:
            raise ValueError("this form needs the issuer's key")
        return self.sign(self.header, claims if isinstance(claims, bytes) else written(claims))

    def by_another(self, header: Mapping[str, Any] | None = None, key: bytes = OTHER_KEY, **changes: Any) -> str:
        """With other claims, by the key of a forger."""
        import jwt  # noqa: PLC0415 - who forges no tokens need not pay for it

        first = {**self.header, "alg": "HS256", **(header or {})}
        part = f"{encoded(written(first))}.{encoded(written(_changed(self.claims, changes)))}"
        return f"{part}.{encoded(jwt.get_algorithm_by_name('HS256').sign(part.encode(), key))}"

    def unsigned(self, algorithm: str) -> str:
        """By nobody."""
        return f"{encoded(written({**self.header, 'alg': algorithm}))}.{self.parts[1]}."

    def kept(self, **changes: Any) -> str:
        """With other claims, and the signature of before."""
        header, _, signature = self.parts
        return f"{header}.{encoded(written(_changed(self.claims, changes)))}.{signature}"

    def aged(self) -> Genuine:
        """The same an hour after it was over, so that who edits its end gains something."""
        return replace(self, text=self.signed(exp=self.now - HOUR)) if self.sign else self


def _changed(claims: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


class Form(NamedTuple):
    """How a token is made; ``needs_key``: as only the issuer can; ``needs_published``: with a key that the target publishes."""

    make: Callable[[Genuine], str]
    needs_key: bool = False
    needs_published: bool = False


def _twice(genuine: Genuine, name: str, first: Any, last: Any) -> str:
    """A claim that stands there two times: some readers take the first, others the last."""
    rest = written(_changed(genuine.claims, {name: None}))[1:]
    return genuine.signed_as(b"{" + written({name: first})[1:-1] + b"," + written({name: last})[1:-1] + b"," + rest)


def _forger_s_own_key(genuine: Genuine) -> str:
    """RS256 by a key pair of the forger, whose public half the header offers."""
    import jwt  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - a tenth of a second, for this form alone

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    algorithm = jwt.get_algorithm_by_name("RS256")
    key = json.loads(algorithm.to_jwk(private.public_key()))
    part = f"{encoded(written({'alg': 'RS256', 'typ': 'JWT', 'jwk': key}))}.{genuine.parts[1]}"
    return f"{part}.{encoded(algorithm.sign(part.encode(), private))}"


def _public_key_as_secret(genuine: Genuine) -> str:
    """HS256 with the target's own public key for a secret: who lets the token choose how that key is used takes it. Source: RFC 8725, 2.1."""
    if genuine.published is None:
        raise ValueError("this form needs a published key")
    name, pem = genuine.published
    return genuine.by_another({} if name is None else {"kid": name}, pem, sub=ADMINISTRATOR)


def _later(genuine: Genuine) -> int:
    return genuine.now + YEAR


def _with(**changes: Any) -> Form:
    """A claim that has this value, signed as the issuer does."""
    return Form(lambda genuine: genuine.signed(**changes), needs_key=True)


FORMS: dict[str, Form] = {
    # no token at all
    "empty": Form(lambda _: ""),
    "garbage": Form(lambda _: "open-sesame"),
    "noise": Form(lambda _: ".".join(encoded(bytes(range(start, start + 48))) for start in (0, 48, 96))),
    "two parts": Form(lambda genuine: genuine.text.rpartition(".")[0]),
    "four parts": Form(lambda genuine: genuine.text + "." + genuine.parts[2]),
    "64 KiB": Form(lambda genuine: genuine.by_another(padding="x" * LARGE)),
    "padded": Form(lambda genuine: f"{genuine.parts[0]}==.{genuine.parts[1]}.{genuine.parts[2]}"),
    # signed by nobody, or by somebody else
    "no signature": Form(lambda genuine: ".".join(genuine.parts[:2]) + "."),
    "wrong signature": Form(lambda genuine: genuine.by_another()),
    "shortened signature": Form(lambda genuine: genuine.text[:-4]),
    "alg none": Form(lambda genuine: genuine.unsigned("none")),
    "alg None": Form(lambda genuine: genuine.unsigned("None")),
    "alg NONE": Form(lambda genuine: genuine.unsigned("NONE")),
    "alg nOnE": Form(lambda genuine: genuine.unsigned("nOnE")),
    "key of the forger": Form(_forger_s_own_key),
    "public key as secret": Form(_public_key_as_secret, needs_published=True),
    "empty key": Form(lambda genuine: genuine.by_another(key=b"")),
    "kid path": Form(lambda genuine: genuine.by_another({"kid": "../../../../../../dev/null"}, b"")),
    "kid query": Form(lambda genuine: genuine.by_another({"kid": "x' UNION SELECT 'key' -- "}, b"key")),
    "kid address": Form(lambda genuine: genuine.by_another({"kid": "http://127.0.0.1:9/key", "jku": "http://127.0.0.1:9/keys"})),
    # claims edited by somebody without the key
    "exp edited, other key": Form(lambda genuine: genuine.aged().by_another(exp=_later(genuine))),
    "exp edited, old signature": Form(lambda genuine: genuine.aged().kept(exp=_later(genuine))),
    "sub edited, other key": Form(lambda genuine: genuine.by_another(sub=ADMINISTRATOR)),
    "sub edited, old signature": Form(lambda genuine: genuine.kept(sub=ADMINISTRATOR)),
    "permissions edited, other key": Form(lambda genuine: genuine.by_another(permissions=["admin", "*"])),
    "permissions edited, old signature": Form(lambda genuine: genuine.kept(permissions=["admin", "*"])),
    # signed as the issuer does, and yet not good
    "expired": Form(lambda genuine: genuine.signed(exp=genuine.now - 300), needs_key=True),
    "wrong issuer": _with(iss="https://somebody.else.test"),
    "no issuer": _with(iss=None),
    "wrong audience": _with(aud="another-service"),
    "no audience": _with(aud=None),
    "not before": Form(lambda genuine: genuine.signed(nbf=genuine.now + 600), needs_key=True),
    "exp as text": Form(lambda genuine: genuine.signed(exp=str(_later(genuine))), needs_key=True),
    "exp as fraction": Form(lambda genuine: genuine.signed(exp=_later(genuine) + 0.5), needs_key=True),
    "exp as truth": Form(lambda genuine: genuine.signed_as({**genuine.claims, "exp": True}), needs_key=True),
    "exp as nothing": Form(lambda genuine: genuine.signed_as({**genuine.claims, "exp": None}), needs_key=True),
    "exp as list": Form(lambda genuine: genuine.signed(exp=[_later(genuine)]), needs_key=True),
    "exp negative": _with(exp=-1),
    "exp missing": _with(exp=None),
    "exp beyond all numbers": Form(lambda genuine: genuine.signed_as(written(genuine.claims | {"exp": 0}).replace(b'"exp":0', b'"exp":1e999')), needs_key=True),
    "exp twice, first over": Form(lambda genuine: _twice(genuine, "exp", genuine.now - HOUR, _later(genuine)), needs_key=True),
    "exp twice, last over": Form(lambda genuine: _twice(genuine, "exp", _later(genuine), genuine.now - HOUR), needs_key=True),
    "sub twice": Form(lambda genuine: _twice(genuine, "sub", genuine.claims.get("sub"), ADMINISTRATOR), needs_key=True),
    "sub missing": _with(sub=None),
    "sub as number": _with(sub=7),
}  # fmt: skip
"""Every form by the name that suites use."""
