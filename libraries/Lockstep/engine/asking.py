"""Questions of one connection that wait for their answers."""

from __future__ import annotations

import asyncio

from ..checks.events import Event, Kind
from .outcomes import Disconnected, QuestionRefused, Unanswered


class Questions:
    """Found again by request id, or in the order of asking where a target does not repeat it."""

    def __init__(self, client: str) -> None:
        self._client = client
        self._waiting: dict[str, asyncio.Future[Event]] = {}

    def asked(self, request_id: str) -> asyncio.Future[Event]:
        """What completes with the answer."""
        future = self._waiting[request_id] = asyncio.get_running_loop().create_future()
        return future

    async def answer(self, question: str, future: asyncio.Future[Event], within: float | None) -> Event:
        """Waits for the answer, or says why there is none."""
        try:
            answer = await asyncio.wait_for(future, within)
        except TimeoutError:
            raise Unanswered(f"{self._client}'s question for {question} was not answered within {within:g} s") from None
        if answer.kind is Kind.ERROR:
            said = answer.details or {}
            raise QuestionRefused(f"{self._client}'s question {question} was refused: {said.get('reason', 'no reason given')}", said)
        return answer

    def answered(self, event: Event) -> None:
        """An answer came, or an error that names a question."""
        request = event.message_id if event.message_id is not None else next(iter(self._waiting), None)
        future = self._waiting.pop(request, None) if isinstance(request, str) else None
        if future is not None and not future.done():
            future.set_result(event)

    def never_answered(self, how: str) -> list[str]:
        """The connection ended: tells all who wait, and returns the ids of their questions."""
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(Disconnected(how))
                future.exception()  # whoever asked may have given up already
        return list(waiting)
