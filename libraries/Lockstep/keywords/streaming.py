"""Keywords that ask for answers in chunks, go on with them after a break, and look at what the target keeps of them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from ..arguments import Count, MaybeCount, MaybeNumber, MaybeRate, MaybeSize, Size
from ..engine.client import Client
from ..engine.outcomes import QuestionRefused
from ..engine.received_streams import ReceivedStream
from ..engine.sending import HANG_GUARD
from ..engine.streams import begin, go_on, received
from ..errors import EnvironmentSetupError, UsageError
from .decorator import keyword
from .kit import Kit

CHUNK = Size(1024)


class StreamKind(Enum):
    """What is streamed: ``text``; ``json`` (an object with one list), ``json_array``, ``json_lines`` (one object in each chunk); ``multipart``."""

    text = "text"
    json = "json"
    json_array = "json_array"
    json_lines = "json_lines"
    multipart = "multipart"


class Overflow(Enum):
    """What happens when nobody is there and no more may be kept: the agent waits (``stop``), or the oldest chunks are lost (``drop_oldest``)."""

    stop = "stop"
    drop_oldest = "drop_oldest"


TEXT = StreamKind.text
# As in arguments.py: Robot needs the bare type, the type checker must know of None.
if TYPE_CHECKING:
    MaybeStream = ReceivedStream | None
    MaybeOverflow = Overflow | None
else:
    MaybeStream, MaybeOverflow = ReceivedStream, Overflow


class StreamingKeywords:
    """Answers that come in chunks."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    @keyword(tags=("Streams",))
    def start_stream(
        self, kind: StreamKind = TEXT, client: str | None = None, *, size: MaybeSize = None, objects: MaybeNumber = None, chunk: Size = CHUNK,
        rate: MaybeRate = None, seed: MaybeNumber = None,
    ) -> ReceivedStream:
        """Asks for an answer in chunks and returns as soon as the target begins it; the chunks come while later keywords go on.

        | =Argument= | =Meaning=                                                                                              |
        | kind       | ``text``; ``json`` (an object with one list of objects), ``json_array``, ``json_lines`` (one object in each chunk); ``multipart`` |
        | client     | alias; none: the only open client                                                                      |
        | size       | bytes of the whole text, such as ``50 KB``; of ``multipart`` those of its longest part                   |
        | objects    | how many objects of JSON, 0 or more; none: 200                                                         |
        | chunk      | bytes of each chunk, such as ``512 B``                                                                  |
        | rate       | chunks per second that the agent writes, such as ``50``; none: as fast as they are taken                 |
        | seed       | decides the content; none: the seed of the run                                                          |

        Returns the stream, for other keywords: ``id``, ``chunks`` and ``bytes`` (announced), ``received`` (different chunks), ``wanted``
        (the first that is missing), ``ended``. `Reconnect` goes on with it by itself. Fails if the target refuses.

        | ${story} =    `Start Stream`    text    alice    size=50 KB    chunk=1 KiB
        """
        one = self._client(client)
        try:
            return self._kit.engine.run(begin(one, HANG_GUARD, **self._wish(kind=kind, size=size, objects=objects, chunk=chunk, rate=rate, seed=seed)))
        except QuestionRefused as refusal:
            raise EnvironmentSetupError(f"{self._kit.target.title} does not begin the stream: {refusal}") from None

    @keyword(tags=("Streams",))
    def try_to_start_stream(
        self, kind: StreamKind = TEXT, client: str | None = None, *, size: MaybeSize = None, objects: MaybeNumber = None, chunk: Size = CHUNK,
        rate: MaybeRate = None, seed: MaybeNumber = None,
    ) -> dict[str, Any]:
        """The same as `Start Stream` where the target may refuse.

        | =Argument= | =Meaning=                                                                                              |
        | kind       | ``text``, ``json``, ``json_array``, ``json_lines`` or ``multipart``                                      |
        | client     | alias; none: the only open client                                                                      |
        | size       | bytes of the whole text, such as ``50 KB``; of ``multipart`` those of its longest part                   |
        | objects    | how many objects of JSON, 0 or more; none: 200                                                         |
        | chunk      | bytes of each chunk, such as ``512 B``                                                                  |
        | rate       | chunks per second that the agent writes, such as ``50``; none: as fast as they are taken                 |
        | seed       | decides the content; none: the seed of the run                                                          |

        Returns a dictionary: ``stream`` (``${None}`` where it was refused), ``reason`` (as the target says it, else empty) and
        ``retry_after`` (s, where the target says one).

        | ${tried} =    `Try To Start Stream`    text    alice    size=50 KB
        | Should Be Equal    ${tried}[reason]    too_many_streams
        """
        one, wish = self._client(client), self._wish(kind=kind, size=size, objects=objects, chunk=chunk, rate=rate, seed=seed)
        try:
            stream = self._kit.engine.run(begin(one, HANG_GUARD, **wish))
        except QuestionRefused as refusal:
            return {"stream": None, "reason": refusal.reason, "retry_after": refusal.said.get("retry_after")}
        return {"stream": stream, "reason": "", "retry_after": None}

    @keyword(tags=("Streams",))
    def wait_for_chunks(self, count: Count, stream: MaybeStream = None, client: str | None = None) -> int:
        """Waits until so many different chunks of a stream were received.

        | =Argument= | =Meaning=                                                    |
        | count      | 1 or more                                                    |
        | stream     | what `Start Stream` returned; none: the client's only stream |
        | client     | alias; none: the only open client                            |

        Returns how many were received; they may be more. Fails if the stream ends, its connection ends, or nothing comes for 30 s, before.

        | `Wait For Chunks` | 5 | ${story} |
        """
        one, found = self._of(stream, client)
        if not self._kit.engine.run(received(one, found, count)):
            ended = "has ended" if found.ended else "came no further"
            raise EnvironmentSetupError(f"{one.alias} waits for {count} chunks of a stream that {ended}: {found.received} were received{self._kit.obituary()}")
        return found.received

    @keyword(tags=("Streams",))
    def resume_streams(self, client: str | None = None) -> int:
        """Tells the target of each stream that has not ended which chunk the client wants next.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client |

        `Reconnect` does this by itself unless it is told ``streams=no``. Returns how many streams that were. What the target says of a
        stream that it does not go on with is for an expectation to judge.

        | `Reconnect` | alice | streams=no |
        | `Resume Streams` | alice |
        """
        one = self._client(client)
        unended = one.streams.unended()
        self._kit.engine.run(go_on(one, unended, HANG_GUARD))
        return len(unended)

    @keyword(tags=("Streams",))
    def try_to_resume_stream(self, stream: str, index: int, client: str | None = None) -> str:
        """Asks for a stream that may be over, somebody else's, or not so long; returns why not, in the target's word.

        | =Argument= | =Meaning=                                                                      |
        | stream     | its id, such as ``${story.id}``                                                |
        | index      | the chunk that is asked for; also what cannot be, such as ``-1``                |
        | client     | alias of the one who asks; none: the only open client                          |

        Returns the reason, such as ``unknown_stream`` or ``invalid_position``; empty where the target goes on with it.

        | ${reason} =    `Try To Resume Stream`    ${story.id}    -1    alice
        """
        one = self._client(client)
        try:
            self._kit.engine.run(one.ask("resume_stream", HANG_GUARD, stream=stream, index=index))
        except QuestionRefused as refusal:
            return refusal.reason
        return ""

    @keyword(tags=("Streams", "Control"))
    def limit_streams(
        self, client: str | None = None, *, size: MaybeSize = None, slots: MaybeCount = None, overflow: MaybeOverflow = None,
    ) -> None:
        """Says how much the streams of a user's session may take from now on, all together.

        | =Argument= | =Meaning=                                                                                |
        | client     | alias of a client of the user; none: the only user; ``everyone``: all users              |
        | size       | bytes of chunks that are kept, such as ``64 KiB``; none: as it is                         |
        | slots      | streams at a time, 1 or more; none: as it is                                             |
        | overflow   | when nobody is there and no more fits: ``stop`` or ``drop_oldest``; none: as it is         |

        Holds as long as the target runs. Fails if the target does not offer ``stream_limits``.

        | `Limit Streams` | alice | size=64 KiB | overflow=drop_oldest |
        """
        kit = self._kit
        kit.must_offer("stream_limits")
        values = {"bytes": size, "slots": slots, "overflow": overflow.value if overflow is not None else None}
        for account in kit.accounts(client):
            kit.engine.run(kit.target.control("stream_limits", user=account.user, **values))

    @keyword(tags=("Streams", "Control"))
    def read_kept_streams(self, client: str | None = None) -> list[dict[str, Any]]:
        """What the target keeps of the streams of a user, whether a client is there or not.

        | =Argument= | =Meaning=                                                                                       |
        | client     | alias of a client of the user; none: the only user                                              |

        Returns a list of dictionaries, in the order in which they were begun: ``stream``, ``state`` (``flowing``, ``waiting`` or ``ended``),
        ``chunks``, ``bytes``, ``written``, ``sent``, ``kept_from`` (chunk), ``bytes_retained``, ``lost`` (chunks). Fails if the target does
        not offer ``stream_list``.

        | ${kept} =    `Read Kept Streams`    alice
        """
        kit = self._kit
        kit.must_offer("stream_list")
        return kit.engine.run(kit.target.streams(kit.accounts(client)[0].user))

    def _wish(
        self, *, kind: StreamKind, size: int | None, objects: int | None, chunk: int, rate: float | None, seed: int | None,
    ) -> dict[str, Any]:
        """What the target is asked for."""
        return {
            "kind": kind.value, "bytes": _plain(size), "objects": _plain(objects), "chunk_bytes": int(chunk),
            "chunks_per_second": float(rate) if rate is not None else None, "seed": int(self._kit.seed if seed is None else seed),
        }

    def _client(self, client: str | None) -> Client:
        self._kit.must_offer("streams")
        return self._kit.client(client)

    def _of(self, stream: ReceivedStream | None, client: str | None) -> tuple[Client, ReceivedStream]:
        return the_stream(self._kit, stream, client)


def the_stream(kit: Kit, stream: ReceivedStream | None, client: str | None) -> tuple[Client, ReceivedStream]:
    """The stream that is meant, and its client."""
    if stream is not None:
        return kit.client(stream.client), stream
    one = kit.client(client)
    known = list(one.streams.by_id.values())
    if len(known) != 1:
        raise UsageError(f"{one.alias} has {len(known)} streams; give the one that is meant, as 'Start Stream' returned it")
    return one, known[0]


def _plain(value: int | None) -> int | None:
    return None if value is None else int(value)
