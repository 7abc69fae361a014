"""The HTTP side of a target: tokens, ledger, control. Answers that are not as promised become sentences."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import orjson

from ..errors import EnvironmentSetupError

if TYPE_CHECKING:
    import aiohttp

WITHIN = 30.0
"""s without a byte of the answer; a long answer, such as the ledger of a long test, may take longer as a whole."""
PIECE = 2**18
"""Bytes of a long answer that are taken at a time."""


class HttpRefusedError(EnvironmentSetupError):
    """There was an answer, which was no."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class NoAnswerError(EnvironmentSetupError):
    """No answer came in time."""


class Filled(NamedTuple):
    """The answer to a form."""

    status: int
    location: str
    """Where it leads."""
    body: bytes


class Http:
    """One session for all requests to a target."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self, what: str, method: str, url: str, body: Mapping[str, Any] | None = None, *, headers: Mapping[str, str] | None = None,
        within: float = WITHIN,
    ) -> bytes:
        """The body of a 2xx answer; anything else is an error that names ``what`` was wanted, never a fallback."""
        return b"".join([piece async for piece in self.pieces(what, method, url, body, headers=headers, within=within)])

    async def pieces(
        self, what: str, method: str, url: str, body: Mapping[str, Any] | None = None, *, headers: Mapping[str, str] | None = None,
        within: float = WITHIN,
    ) -> AsyncIterator[bytes]:
        """The same piece by piece, as it comes, for answers that are too long to be kept."""
        async with self._answer(what, method, url, within, json=body or None, headers=headers) as answer:
            if answer.status // 100 != 2:
                raise HttpRefusedError(f"{what}: {_without_secret(url)} answered HTTP {answer.status}, {_short(await answer.read())}", answer.status)
            async for piece in answer.content.iter_chunked(PIECE):
                yield piece

    async def form(self, what: str, url: str, fields: Mapping[str, str], *, account: tuple[str, str] | None = None, follows: bool = True) -> Filled:
        """The answer to a filled form; one that leads elsewhere is followed, unless that address is what is wanted (``follows``)."""
        headers = {"Authorization": f"Basic {b64encode(':'.join(map(quote, account)).encode()).decode()}"} if account else {}
        async with self._answer(what, "POST", url, WITHIN, data=fields, headers=headers, allow_redirects=follows) as answer:
            body = await answer.read()
            if answer.status >= HTTPStatus.BAD_REQUEST:
                raise HttpRefusedError(f"{what}: {_without_secret(url)} answered HTTP {answer.status}, {_short(body)}", answer.status)
            return Filled(answer.status, answer.headers.get("Location", ""), body)

    @asynccontextmanager
    async def _answer(self, what: str, method: str, url: str, within: float, **more: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer while it comes; what goes wrong on the way is a sentence."""
        import aiohttp  # noqa: PLC0415 - 0.2 s that dry runs and libdoc need not pay

        if self._session is None:
            # No cookie is kept: one of an account must not open the door to the next.
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        silence = aiohttp.ClientTimeout(total=None, sock_connect=within, sock_read=within)
        try:
            async with self._session.request(method, url, timeout=silence, **more) as answer:
                yield answer
        except TimeoutError:
            raise NoAnswerError(f"{what}: no answer within {within:g} s from {_without_secret(url)}") from None
        except aiohttp.ClientError as error:
            raise EnvironmentSetupError(f"{what}: {_without_secret(url)} could not be reached ({_reason(error)}); is it running?") from None

    async def json(self, what: str, method: str, url: str, body: Mapping[str, Any] | None = None) -> Any:
        """The same, decoded. A text that cannot be decoded is not repeated: it may hold a token."""
        data = await self.request(what, method, url, body)
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:
            raise EnvironmentSetupError(f"{what}: {_without_secret(url)} answered {len(data)} bytes that are not JSON; see 'url' in the target file") from None

    async def close(self) -> None:
        """Closes the session."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def _reason(error: Exception) -> str:
    cause = getattr(error, "os_error", error)
    return getattr(cause, "strerror", None) or type(error).__name__


def _short(data: bytes) -> str:
    text = data[:200].decode("utf-8", "replace").strip()
    return f"'{text}'" if text else "nothing"


def _without_secret(url: str) -> str:
    """Scheme and host only: paths of control interfaces carry a secret."""
    return "/".join(url.split("/", 3)[:3])
