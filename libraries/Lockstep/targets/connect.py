"""What a target file says of getting in: address, token, greeting, and coming back to a session."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from .parts import Bytes, Condition, Seconds, Shape, Strict
from .vocabulary import Path, ResumeShape, SayShape, impossible, placeholders


class Step(Strict):
    """One HTTP request that an account needs before its first connection, or after its last."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    url: str
    headers: dict[str, str] = Field(default_factory=dict)
    body: Shape = Field(default_factory=dict)
    take: dict[str, Path] = Field(default_factory=dict)
    """Name of a placeholder -> where its value stands in the JSON answer."""
    within: Seconds = 10.0


class Provider(Strict):
    """An OpenID Connect provider, and how somebody logs in there."""

    issuer: str
    client_id: str
    client_secret_from: str | None = None   # name of the environment variable
    redirect_uri: str = "http://127.0.0.1/callback"     # nobody listens there: only the address is read
    scope: str = "openid"
    form: dict[str, str] = Field(default_factory=dict)  # what is filled into the login form, with {user}


class TokenSource(Strict):
    """Where a user's token comes from."""

    source: Literal["endpoint", "oidc", "environment", "lifecycle", "none"] = Field("none", alias="from")
    """``lifecycle``: the ``{secret}`` that the kit made up and gave to the server when it started it."""
    url: str | None = None          # endpoint: POST here
    body: Shape = Field(default_factory=dict)
    token: str = "token"            # noqa: S105 - the path of the token in the answer, not a token
    user_id: str | None = None      # path of the account's id in the answer
    refresh_token: str | None = None    # path of what a new token can be had for
    name: str | None = None         # environment: the variable's name
    provider: Provider | None = Field(None, validate_default=True)  # oidc; the token is then such as id_token, the account's id is in it

    @field_validator("provider")
    @classmethod
    def _belongs_to_oidc(cls, value: Provider | None, info: ValidationInfo) -> Provider | None:
        if (info.data.get("source") == "oidc") is (value is None):
            raise impossible("is needed where 'from' is oidc, and nowhere else")
        return value


class Way(Strict):
    """How the token travels."""

    by: Literal["header", "query", "subprotocol", "none"] = "none"
    name: str = "Authorization"     # of the header or of the query parameter
    value: str = "{token}"
    beside: list[str] = Field(default_factory=list)     # subprotocols that the client offers beside the one that is the token


class SigningKey(Strict):
    """Where the key is with which the kit signs tokens as the target's issuer does; it stands in no file."""

    source: Literal["lifecycle", "environment"] = Field("environment", alias="from")
    """``lifecycle``: the ``{secret}`` that the kit made up and gave to the server when it started it."""
    name: str | None = None         # environment: the variable's name


class Signing(Strict):
    """How tokens are signed, so that the kit can make some that only the issuer could make, such as one that is over."""

    algorithm: Literal["HS256", "RS256"] = "HS256"
    key: SigningKey                 # RS256: a private key as PEM


class Authentication(Way):
    """How the token travels, where it comes from, and what else can be done with it."""

    token: TokenSource = TokenSource.model_validate({})
    refresh: Step | None = None     # gives a new {token} and {refresh_token} for a {refresh_token}
    revoke: Step | None = None      # ends a {token} before its time
    also: dict[str, Way] = Field(default_factory=dict)
    """Other ways in which it may travel, by names that suites use."""
    ticket: Step | None = None      # exchanges a {token} for a {ticket}, which travels in its place
    signing: Signing | None = None
    public_keys: str | None = None
    """Address of the keys with which the target checks tokens (JWKS), where it has such; a forger can read them too."""


GREETED = ("offset", "recovered", "head", "context_available", "absence_class", "warning", "policy", "location_changed", "waiting")
"""What a greeting can say of a session, beside its id, its epoch and a reason."""


class Ready(Strict):
    """What a client says first, if the server waits for that, and what the server sends when the connection may be used."""

    say: SayShape | None = None
    wait_for: Condition
    session: str | None = None
    epoch: str | None = None
    offset: str | None = None
    recovered: str | None = None
    reason: str | None = None               # why it could not be recovered
    head: str | None = None                 # the last offset that is sent again
    context_available: str | None = None
    absence_class: str | None = None
    warning: str | None = None
    policy: str | None = None               # name of the rule that ended the session
    location_changed: str | None = None
    waiting: str | None = None              # how many messages of agents follow that have waited
    within: Seconds = 10.0

    def told(self) -> dict[str, str]:
        """What the greeting says of the session beside its id and epoch: name -> path."""
        paths = {name: getattr(self, name) for name in GREETED}
        return {name: path for name, path in paths.items() if path is not None}


Steps = Annotated[list[Step], BeforeValidator(lambda value: [value] if isinstance(value, dict) else value)]


class Carried(Strict):
    """What a handshake carries beside the token."""

    query: ResumeShape = Field(default_factory=dict)
    headers: ResumeShape = Field(default_factory=dict)


class Resume(Strict):
    """How a client says that it wants to come back (``ask``, with its first connection), and how it comes back (``with``)."""

    ask: Carried = Carried()
    with_: Carried = Field(Carried(), alias="with")


class Connect(Strict):
    """How a connection is opened."""

    url: str
    prepare: Steps = Field(default_factory=list)    # once for each account, before its first connection
    discard: Steps = Field(default_factory=list)    # when the account is no longer needed
    headers: dict[str, str] = Field(default_factory=dict)
    subprotocols: list[str] = Field(default_factory=list)
    auth: Authentication = Authentication()
    ready: Ready | None = None
    resume: Resume | None = None    # none: a session ends with its connection
    ca: str | None = None           # file with the certificate authority for wss
    client_certificate: str | None = None
    proxy: str | None = None
    max_size: Bytes = 16 * 1024 * 1024
    within: Seconds = 10.0          # the handshake must be done in this time

    @field_validator("resume")
    @classmethod
    def _names_the_session(cls, value: Resume | None, info: ValidationInfo) -> Resume | None:
        """A client can only come back to a session whose id it was told, by saying that id."""
        ready: Ready | None = info.data.get("ready")
        if value is None or "ready" not in info.data:
            return value
        if ready is None or ready.session is None:
            raise impossible("needs 'connect.ready.session': where the server names the session that a client can come back to")
        said = [*placeholders(value.with_.query), *placeholders(value.with_.headers), *placeholders(ready.say)]
        if "session" not in said:
            raise impossible("needs {session}, in 'connect.resume.with' (query or headers) or in 'connect.ready.say'")
        return value
