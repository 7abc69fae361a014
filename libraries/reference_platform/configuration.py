"""The platform's configuration: keys, defaults, and errors that name file, key and what is allowed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from .errors import PlatformError

_UNITS = {"B": 1, "KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000}


def _bytes(value: object) -> object:
    """Reads ``100 MB`` as a number of bytes; leaves everything else to the model."""
    match = re.fullmatch(r"\s*(\d+)\s*(B|KB|MB|GB)\s*", value) if isinstance(value, str) else None
    return int(match[1]) * _UNITS[match[2]] if match else value


Size = Annotated[int, BeforeValidator(_bytes), Field(ge=1)]
Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
InSession = Literal["allow", "close"]
"""What becomes of a connection whose token expires."""
Refused = Literal["http_401", "close_4401", "close_1008"]
"""How a bad token is refused."""


def _listed(value: object) -> object:
    """Reads ``https://a.example, https://b.example`` as a list, as ``--set`` says it."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _origin(text: str) -> str:
    scheme, separator, place = text.partition("://")
    if not scheme or not separator or not place or "/" in place:
        raise ValueError("origins such as https://app.example.test")
    return text


Names = Annotated[list[str], BeforeValidator(_listed)]
Origins = Annotated[list[Annotated[str, AfterValidator(_origin)]], BeforeValidator(_listed)]
Algorithms = Annotated[list[Literal["HS256", "RS256"]], BeforeValidator(_listed), Field(min_length=1)]


class Configuration(BaseModel):
    """Every key of a ``--config`` file, with its default. Times in seconds, sizes in bytes or as ``100 MB``."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)

    max_connections: Count = 100
    """Connections at a time; further ones are closed with 1013."""
    message_buffer_size: Count = 1000
    """Frames of one connection that may wait for judgement before reading from it stops."""
    heartbeat_interval: Seconds = 30
    """Time between two pings to a connection."""
    handshake_time: Seconds = 10
    """Time for the opening handshake."""
    connection_timeout: Seconds = 60
    """Time for the answer to a ping."""
    max_queue_size: Count = 500
    """Messages of one user that may wait; the last tenth of the places is for high priority."""
    processing_timeout: Seconds = 10
    """A message on which an agent works longer fails."""
    duplicate_window: Seconds = 300
    """So long a message id of a user is remembered."""
    max_concurrent_messages: Count = 20
    """Messages processed at the same time, one per user."""
    state_sync_interval: Seconds = 0.1
    """So old may the memory figure in an agent's state be."""
    memory_limit: Size = 100_000_000
    """Texts of waiting messages, of all users together; a message whose text would take more is refused."""

    brief_absence: Seconds = 30
    """An absence shorter than this is brief."""
    session_window: Seconds = 300
    """A resumable session whose user stays away longer is over."""
    session_lifetime: Seconds = 86_400
    """A resumable session is over once it is older and nobody is there."""
    retained_messages: Count = 1000
    """So many of the last pushes into a resumable session can be asked for again,"""
    retained_bytes: Size = 1_048_576
    """if they have no more bytes together."""

    outbound_queue_size: Count = 1000
    """Messages of agents that may wait for one session whose user is away,"""
    outbound_overflow: Literal["drop_oldest", "drop_newest", "reject"] = "drop_oldest"
    """and what happens to one more,"""
    outbound_ttl: Seconds = 300
    """and for so long,"""
    outbound_ttl_critical: Seconds = 1800
    """critical ones for so long."""
    stream_bytes: Size = 4_194_304
    """Bytes of a session's streams that are kept, all together; what an agent writes beyond waits,"""
    stream_overflow: Literal["stop", "drop_oldest"] = "stop"
    """or with ``drop_oldest`` the oldest is lost and signalled while nobody is there."""
    max_streams: Count = 8
    """Streams of one session that have not ended."""
    stream_window: Seconds = 300
    """So long after its end a stream can be asked for again."""

    max_message_size: Size = 5_000_000
    """Largest message in bytes, compressed or not; a larger one closes the connection with 1009, after ``payload_too_large`` if its size is known."""
    message_rate: Count | None = None
    """Messages a second of one connection; what comes beyond is refused with ``rate_limited``. None: as many as it can."""
    token_ttl: Seconds = 3600
    """How long a token of POST /auth/test-user is valid unless the request says otherwise."""
    refresh_ttl: Seconds = 86_400
    """How long a refresh token is valid unless the request says otherwise."""
    token_algorithms: Algorithms = ["HS256"]
    """Tokens signed by anything else are refused; RS256 needs the keys of whoever signs: jwks_url or jwks_file."""
    jwks_url: str | None = None
    jwks_file: Path | None = None
    token_issuer: str = "reference-platform"  # noqa: S105 - a name, not a secret
    """Tokens come from here,"""
    token_audience: str = "reference-platform"  # noqa: S105
    """and are meant for this one."""
    token_leeway: Annotated[float, Field(ge=0, le=300)] = 0
    """So long behind its end a token still counts, and so long before its beginning."""
    token_refusal: Refused = "http_401"  # noqa: S105 - no secret
    """A bad token is refused in place of the upgrade, or by a close frame right behind it."""
    session_expiry: InSession = "allow"
    """A connection whose token expires goes on, or is closed with 4401."""
    allowed_origins: Origins | None = None
    """A browser on a page from elsewhere is refused with HTTP 403; none: from wherever it comes."""
    trusted_proxies: Names = []
    """Addresses of proxies whose ``X-Forwarded-For`` is believed; none: nobody's is."""
    refusal_limit: Count = 10
    """Refused tokens from one address within a minute; further ones are answered with HTTP 429. A valid token is always taken."""
    token_secret_from: str | None = None
    """Name of the environment variable that holds the signing secret; none: a random one per process."""
    synchronous: Literal["normal", "full"] = "normal"
    """What the store waits for: normal survives the death of the process, full a power cut too."""
    commit_interval: Annotated[float, Field(ge=0, le=1)] = 0.001
    """Least time between two commits; 0 commits after every turn of the loop."""

    def limits(self) -> dict[str, float | int]:
        """What ``connection_established`` announces."""
        return self.model_dump(exclude=_PRIVATE)


_PRIVATE = {
    "token_ttl", "refresh_ttl", "token_algorithms", "jwks_url", "jwks_file", "token_issuer", "token_audience", "token_leeway", "token_refusal", "session_expiry",
    "allowed_origins", "trusted_proxies", "refusal_limit", "token_secret_from", "synchronous", "commit_interval",
}  # fmt: skip
"""Keys that say nothing of limits."""


def load(path: Path | None, settings: Sequence[str] = ()) -> Configuration:
    """Reads a configuration file (no path: the defaults) and lays single settings such as ``max_connections=500`` over it."""
    content, single = {} if path is None else _read(path), dict(map(_setting, settings))
    try:
        return Configuration.model_validate(content | single)
    except ValidationError as error:
        raise PlatformError("; ".join(_sentence(path, single, item) for item in error.errors())) from error


def allowed(item: Any) -> str:
    """What would have been right in place of this mistake."""
    return str(item["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")


def _setting(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals:
        raise PlatformError(f"--set {text} is no setting; give KEY=VALUE such as max_connections=500")
    return key, value


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise PlatformError(f"{path}: the configuration file cannot be read ({_reason(error)})") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        raise PlatformError(f"{path}: the configuration file is not valid YAML{line}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise PlatformError(f"{path}: a configuration file is a list of `key: value` lines, this one is a {type(content).__name__}")
    return content


def _sentence(path: Path | None, single: dict[str, Any], item: Any) -> str:
    key = str(item["loc"][0])
    place = "--set" if key in single else path
    if item["type"] != "extra_forbidden":
        return f"{place}: {key} is {item['input']!r}; allowed: {allowed(item)}"
    near = difflib.get_close_matches(key, Configuration.model_fields, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"allowed: {', '.join(Configuration.model_fields)}"
    return f"{place}: there is no key {key}; {hint}"


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else "it is not UTF-8 text"
