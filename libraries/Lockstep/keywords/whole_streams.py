"""Expectations about answers that come in chunks."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from functools import partial
from time import monotonic
from typing import Any

from ..arguments import Count, Duration, MaybeSize, Number
from ..checks.documents import json_holds, json_lines_hold, multipart_holds
from ..checks.history import History
from ..checks.retained import Wanted, agents_wait, losses_signalled, retained
from ..checks.streams import streams_complete, streams_go_on_within, streams_stay_with_their_user
from ..engine.client import Client
from ..engine.received_streams import ReceivedStream
from ..engine.sending import HANG_GUARD
from ..engine.streams import at_rest
from ..errors import EnvironmentSetupError, UsageError
from .decorator import keyword
from .expectation import Expectation
from .kit import Kit
from .streaming import MaybeStream, the_stream

LOOK_EVERY = 0.02
"""s between two looks at what the target keeps."""
PARTS = ["summary", "analysis", "recommendations"]


class WholeStreamKeywords:
    """What must hold for streams."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("Expectation", "Streams"))
    def stream_should_be_complete(
        self, stream: MaybeStream = None, client: str | None = None, *, loss_allowed: bool = False, at_least: MaybeSize = None,
    ) -> None:
        """One stream has come whole: each chunk once and in order, one end behind them, and the bytes that the target says.

        | =Argument=   | =Meaning=                                                                              |
        | stream       | what `Start Stream` returned; none: the client's only stream                            |
        | client       | alias; none: the only open client                                                      |
        | loss_allowed | ``yes``: chunks may be missing of which the target says that they are lost               |
        | at_least     | so many bytes must have come in spite of a loss, such as ``250 KiB``                      |

        Waits for its end, and for whatever may come behind that. Records ``stream_chunks``, ``stream_chunks_lost`` and ``streams_completed`` (%). Violations:
        incomplete_stream, gap, duplicated, corrupted, unsound_resume.

        | `Stream Should Be Complete` | ${story} |
        """
        one, found = the_stream(self._kit, stream, client)
        history = self._at_rest([one], {found.id})
        self._expect.judge(history, [partial(streams_complete, only=[found.id], loss_allowed=loss_allowed, at_least=at_least or 0)])

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
        history = self._at_rest(clients)
        begun = [stream for one in clients for stream in one.streams.by_id]
        self._expect.judge(history, [partial(streams_complete, only=begun, loss_allowed=loss_allowed), streams_stay_with_their_user])

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
        history = self._at_rest(self._kit.clients(client))
        verdict, times = streams_go_on_within(history, float(limit)), history.events.times
        late = self._kit.engine.lag.reason_for_invalid(times[0], times[-1]) if times else None
        self._expect.conclude([("streams", verdict)], history, None if verdict.ok else late)  # lateness only makes it harder to keep

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
    def streams_should_be_kept(self, client: str | None = None, *, at_most: MaybeSize = None, loss_allowed: bool = False) -> None:
        """While a client is away, or does not read, the target keeps what the client has not got of its streams, and no more than it may.

        | =Argument=   | =Meaning=                                                                                             |
        | client       | alias; none: the only open client                                                                     |
        | at_most      | so many bytes may be kept in all, such as ``256 KiB``; none: what the target's file promises (``guarantees.streams.kept``) |
        | loss_allowed | ``yes``: chunks may be lost                                                                            |

        Looks at what the target says of chunks, bytes and position. Records ``stream_bytes_kept`` (bytes). Violations: incomplete_stream, over_capacity, disagreement.
        Left out, and noted as *not offered*, where the target has no list of streams.

        | `Cut The Connection` | alice |
        | `Streams Should Be Kept` | alice |
        """
        if not self._expect.offered("stream_list", [retained]):
            return
        kit, one = self._kit, self._kit.client(client)
        said = kit.engine.run(kit.target.streams(one.account.user))
        promised = kit.target.file.guarantees.streams
        wanted = {stream.id: Wanted(stream.wanted, stream.chunks, max(0, (stream.bytes or 0) - stream.received_bytes)) for stream in one.streams.unended()}
        most = at_most or (promised.kept if promised is not None else None)
        self._expect.conclude([("retained", retained(said, wanted, most, loss_allowed=loss_allowed))])

    @keyword(tags=("Expectation", "Streams", "Control"))
    def every_loss_should_have_been_signalled(self, client: str | None = None) -> None:
        """Of each stream as many chunks are lost as the client was told of, in their place.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client |

        Violation: unsound_resume. Fails as vacuous if nothing is lost. Left out, and noted as *not offered*, where the target has no list
        of streams.

        | `Stream Should Be Complete` | loss_allowed=yes |
        | `Every Loss Should Have Been Signalled` |
        """
        if self._expect.offered("stream_list", [losses_signalled]):
            kit, one = self._kit, self._kit.client(client)
            said = kit.engine.run(kit.target.streams(one.account.user))
            told = {stream.id: stream.lost for stream in one.streams.by_id.values()}
            self._expect.conclude([("retained", losses_signalled(said, told))])

    @keyword(tags=("Expectation", "Streams", "Control"))
    def the_agent_should_have_to_wait(self, client: str | None = None) -> None:
        """The agents of a user write no further, since as much as may be kept is kept and none of it was sent yet.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client |

        Waits for that. Violation: no_backpressure, when every stream was written to its end instead: use one that is longer than what may
        be kept and what networks take. Left out, and noted as *not offered*, where the target has no list of streams.

        | `Stop Reading` | alice |
        | `The Agent Should Have To Wait` | alice |
        """
        if not self._expect.offered("stream_list", [agents_wait]):
            return
        self._expect.conclude([("retained", agents_wait(self.wait_until_agents_rest(client)))])

    @keyword(tags=("Streams", "Control"))
    def wait_until_agents_rest(self, client: str | None = None) -> list[dict[str, Any]]:
        """Waits until the agents of a user have written every stream to its end, or may write no further.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client |

        Returns what `Read Kept Streams` returns then. Fails if that takes more than 30 s, and if the target does not offer ``stream_list``.

        | ${kept} =    `Wait Until Agents Rest`    alice
        """
        kit, user = self._kit, self._kit.client(client).account.user
        kit.must_offer("stream_list")

        async def rest() -> list[dict[str, Any]]:
            deadline = monotonic() + HANG_GUARD
            while True:
                said = await kit.target.streams(user)
                if all(item.get("agent") != "writes" for item in said):
                    return said
                if monotonic() > deadline:
                    raise EnvironmentSetupError(f"the agents of {client or user} still write after {HANG_GUARD:g} s")
                await asyncio.sleep(LOOK_EVERY)

        return kit.engine.run(rest())

    def _at_rest(self, clients: Collection[Client], only: Collection[str] | None = None) -> History:
        """What happened to these clients in this test, once nothing more will come of their streams; messages may go on meanwhile."""
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
        return History(kit.engine.journal.slice(kit.scope.cursor, {one.alias for one in clients}))
