"""Expectations about answers that come in chunks."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from functools import partial

from ..arguments import Count, Duration, Number
from ..checks.documents import json_holds, json_lines_hold, multipart_holds
from ..checks.retained import retained_in_full
from ..checks.streams import streams_complete, streams_go_on_within, streams_stay_with_their_user
from ..engine.client import Client
from ..engine.received_streams import ReceivedStream
from ..engine.streams import at_rest
from ..errors import UsageError
from .decorator import keyword
from .expectation import Expectation
from .kit import Kit
from .streaming import MaybeStream, the_stream

PARTS = ["summary", "analysis", "recommendations"]


class StreamKeywords:
    """What must hold for streams."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("Expectation", "Streams"))
    def stream_should_be_complete(self, stream: MaybeStream = None, client: str | None = None, *, loss_allowed: bool = False) -> None:
        """One stream has come whole: each chunk once and in order, one end behind them, and the bytes that the target says.

        | =Argument=   | =Meaning=                                                                              |
        | stream       | what `Start Stream` returned; none: the client's only stream                            |
        | client       | alias; none: the only open client                                                      |
        | loss_allowed | ``yes``: chunks may be missing of which the target says that they are lost               |

        Waits for its end, and for whatever may come behind that. Records ``stream_chunks`` and ``streams_completed`` (%). Violations:
        incomplete_stream, gap, duplicated, corrupted, unsound_resume.

        | `Stream Should Be Complete` | ${story} |
        """
        one, found = the_stream(self._kit, stream, client)
        self._wait([one], {found.id})
        self._expect.holds(partial(streams_complete, only=[found.id], loss_allowed=loss_allowed), client=one.alias)

    @keyword(tags=("Expectation", "Streams", "Isolation"))
    def all_streams_should_be_complete(self, client: str = "everyone", *, loss_allowed: bool = False) -> None:
        """Every stream of these clients has come whole, and none of it to anybody else.

        | =Argument=   | =Meaning=                                                                              |
        | client       | alias; ``everyone``: all clients                                                       |
        | loss_allowed | ``yes``: chunks may be missing of which the target says that they are lost               |

        As `Stream Should Be Complete`, and leaked_to_other_user. Fails as vacuous if no stream was begun.

        | `All Streams Should Be Complete` |
        """
        clients = self._kit.clients(client)
        self._wait(clients)
        begun = [stream for one in clients for stream in one.streams.by_id]
        self._expect.holds(
            partial(streams_complete, only=begun, loss_allowed=loss_allowed), streams_stay_with_their_user, client=client if begun else None,
        )

    @keyword(tags=("Expectation", "Streams", "Figures"))
    def streams_should_go_on_within(self, limit: Duration, client: str = "everyone") -> None:
        """From telling the target which chunk is wanted until the first frame of the stream, as the median of this test.

        | =Argument= | =Meaning=                                                      |
        | limit      | such as ``500 ms``                                             |
        | client     | alias; ``everyone``: all clients                               |

        Records ``stream_resume`` (ms). Violation: slow_recovery; void (test skipped as *invalid*) when this machine was late. Fails as
        vacuous if no stream went on.

        | `Streams Should Go On Within` | 500 ms |
        """
        self._expect.holds(partial(streams_go_on_within, limit=float(limit)), client=client, timing=True)

    @keyword(tags=("Expectation", "Streams"))
    def json_stream_should_hold(self, objects: Number, stream: MaybeStream = None, client: str | None = None) -> None:
        """What came of a JSON stream parses, and holds so many objects: each with id, timestamp and its place as sequence.

        | =Argument= | =Meaning=                                                                    |
        | objects    | how many, 0 or more                                                          |
        | stream     | what `Start Stream` returned; none: the client's only stream                 |
        | client     | alias; none: the only open client                                            |

        Of ``json_lines`` each chunk must be one object by itself. Records ``json_objects``. Violations: corrupted, incomplete_stream,
        duplicated. Use `Stream Should Be Complete` beside it.

        | `JSON Stream Should Hold` | 200 | ${data} |
        """
        _, found = the_stream(self._kit, stream, client)
        verdict = json_lines_hold(found.texts, objects) if found.kind == "json_lines" else json_holds(found.text, objects)
        self._expect.conclude([("documents", verdict)])

    @keyword(tags=("Expectation", "Streams"))
    def multipart_stream_should_hold(self, stream: MaybeStream = None, client: str | None = None, **sizes: Count) -> None:
        """What came of a multipart stream has its three parts in order: headers once, content to the byte, footer.

        | =Argument= | =Meaning=                                                                                     |
        | stream     | what `Start Stream` returned; none: the client's only stream                                  |
        | client     | alias; none: the only open client                                                             |
        | sizes      | bytes of the content of parts: ``summary=2048``, ``analysis=10000``, ``recommendations=1024``    |

        Compares each part with the digest in its own header. Records ``multipart_parts``. Violations: corrupted, incomplete_stream,
        duplicated. Use `Stream Should Be Complete` beside it.

        | `Multipart Stream Should Hold` | ${report} | summary=2048 | analysis=10000 | recommendations=1024 |
        """
        if strange := sorted(set(sizes) - set(PARTS)):
            raise UsageError(f"there is no part {strange[0]}; the parts are {', '.join(PARTS)}")
        _, found = the_stream(self._kit, stream, client)
        self._expect.conclude([("documents", multipart_holds(found.text, found.content_type, PARTS, {name: int(size) for name, size in sizes.items()}))])

    @keyword(tags=("Expectation", "Streams", "Control"))
    def streams_should_be_kept(self, client: str | None = None) -> None:
        """While a client is away the target keeps each of its streams: whole so far, from the chunk on that the client wants next.

        | =Argument= | =Meaning=                                          |
        | client     | alias; none: the only open client                  |

        Looks at what the target says of chunks, bytes and position, and that all of it together stays within what its file promises
        (``guarantees.streams.kept``). Records ``stream_bytes_kept`` (bytes). Violations: incomplete_stream, over_capacity, disagreement.
        Left out, and noted as *not offered*, where the target has no list of streams.

        | `Cut The Connection` | alice |
        | `Streams Should Be Kept` | alice |
        """
        if not self._expect.offered("stream_list", [retained_in_full]):
            return
        kit, one = self._kit, self._kit.client(client)
        said = kit.engine.run(kit.target.streams(one.account.user))
        promised = kit.target.file.guarantees.streams
        wanted = {stream.id: (stream.wanted, stream.chunks) for stream in one.streams.unended()}
        self._expect.conclude([("retained", retained_in_full(said, wanted, most_bytes=promised.kept if promised is not None else None))])

    def _wait(self, clients: Collection[Client], only: Collection[str] | None = None) -> None:
        kit = self._kit

        async def sent_to_the_end(user: str) -> Mapping[str, bool]:
            return {str(item.get("stream")): item.get("state") == "ended" for item in await kit.target.streams(user)}

        def meant(one: Client) -> list[ReceivedStream]:
            return [stream for stream in one.streams.by_id.values() if only is None or stream.id in only]

        async def together() -> None:
            await asyncio.gather(*(
                at_rest(one, meant(one), kit.fence, partial(sent_to_the_end, one.account.user) if kit.target.offers("stream_list") else None)
                for one in clients
            ))  # fmt: skip

        kit.engine.run(together())
