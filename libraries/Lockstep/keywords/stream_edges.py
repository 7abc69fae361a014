"""Keywords for the edges of streamed answers: where in them something stands, when they are whole, and what else is said meanwhile."""

from __future__ import annotations

from functools import partial

from ..arguments import Count, Duration, Number
from ..broken_json import broken_texts
from ..checks.refusals import broken_texts_refused
from ..checks.stream_times import streams_end_within
from ..errors import UsageError
from ..faults.catalogue import Direction, Fault
from ..faults.gate import NEXT
from ..faults.triggers import After
from ..faults.words import MaybeCut, WhichConnection
from .decorator import keyword
from .expectation import Expectation
from .faults import FaultKeywords
from .kit import Kit
from .streaming import MaybeStream, the_stream

FIRST = ONCE = ONE = Count(1)


class StreamEdgeKeywords:
    """Streams and what disturbs them."""

    def __init__(self, kit: Kit, expectation: Expectation, faults: FaultKeywords) -> None:
        self._kit = kit
        self._expect = expectation
        self._faults = faults

    @keyword(tags=("Streams", "Faults"))
    def cut_behind_chunks(
        self, chunks: Number, client: str | None = None, *, streams: Count = ONE, times: Count = ONCE, fault: Fault = Fault.RESET, how: MaybeCut = None,
    ) -> None:
        """Cuts the connection behind so many chunks of streams that are yet to begin; with ``times=5`` also the four that follow it.

        | =Argument= | =Meaning=                                                                                         |
        | chunks     | of all streams together, on each connection; 0: behind what begins them                           |
        | client     | alias; none: the only client that goes through the fault proxy                                    |
        | streams    | so many begin on the open connection, and go on on those that follow                              |
        | times      | so many connections, one after the other                                                          |
        | fault      | as `Inject Fault` takes it, such as ``cut_in_frame``                                              |
        | how        | for a fault that cuts, how it does: ``close``, ``reset``, ``half_open``; none: ``reset``          |

        What begins a stream or goes on with it is a frame of its own, and so is the greeting of a connection that follows: they are passed
        beside the chunks. Nothing else may be sent to the client meanwhile. The same as `Inject Fault` with ``after=... frames``.

        | `Cut Behind Chunks` | 8 | alice |
        | `Start Stream` | text | alice | size=50 KB |
        | `Every Fault Should Have Struck` |
        """
        frames, inject, way = chunks + streams, self._faults.inject_fault, Direction.TO_CLIENT
        inject(fault, client, after=After(frames, "frames"), direction=way, how=how)
        if times > 1:
            inject(fault, client, after=After(frames + 1, "frames"), direction=way, how=how, connection=WhichConnection(NEXT), times=Count(times - 1))

    @keyword(tags=("Streams",))
    def chunks_until(self, text: str, stream: MaybeStream = None, client: str | None = None, *, number: Count = FIRST) -> int:
        """Says how many chunks of a stream it takes until a text has begun and not yet ended: whoever is cut there gets half of it.

        | =Argument= | =Meaning=                                                       |
        | text       | such as ``--${report.boundary}``                                |
        | stream     | what `Start Stream` returned; none: the client's only stream    |
        | client     | alias; none: the only open client                               |
        | number     | the first, second, … place where the text stands                |

        A stream with the same seed and chunks has it in the same place. Fails if the text does not stand there so often, and if it lies
        whole in one chunk.

        | ${chunks} =    `Chunks Until`    --${report.boundary}    ${report}    number=2
        """
        _, found = the_stream(self._kit, stream, client)
        place = -1
        for _ in range(number):
            place = found.text.find(text, place + 1)
            if place < 0:
                raise UsageError(f"'{text}' does not stand {number} times in the {len(found.text):,} characters that came of the stream")
        passed, chunks = 0, 0
        for index in sorted(found.texts):
            passed, chunks = passed + len(found.texts[index]), chunks + 1
            if passed > place:
                break
        if passed >= place + len(text):
            raise UsageError(f"'{text}' lies whole in chunk {chunks - 1}; ask for smaller chunks, of 16 B for example")
        return chunks

    @keyword(tags=("Expectation", "Streams", "Figures"))
    def streams_should_end_within(self, limit: Duration, client: str = "everyone") -> None:
        """From telling the target which chunk is wanted, or from the beginning, each stream was whole soon enough.

        | =Argument= | =Meaning=                                      |
        | limit      | such as ``5 s``                                |
        | client     | alias; ``everyone``: all clients               |

        For limits that no machine misses by chance. Records ``stream_completion`` (ms, the longest). Violation: slow_recovery, also for a
        stream without an end. Void (test skipped as *invalid*) when this machine was late.

        | `Streams Should End Within` | 5 s | alice |
        """
        history = self._expect.history(client)
        verdict = streams_end_within(history, float(limit))
        self._expect.conclude([("streams", verdict)], history, None if verdict.ok else self._expect.invalid_reason(history.events))

    @keyword(tags=("Sending",))
    def send_broken_json(self, count: Count, client: str | None = None) -> None:
        """Sends texts that are no JSON: cut off, out of balance, with a bare word, and so on; each as one message.

        | =Argument= | =Meaning=                                                                    |
        | count      | how many, 1 or more; nineteen are different, in an order that the seed decides |
        | client     | alias; none: the only open client                                            |

        What comes of them is for `What Is Broken Should Be Refused`. Fails if the target does not offer ``not_json`` (its file must say how
        it refuses, and permit ``hostile``).

        | `Send Broken JSON` | 10 | alice |
        """
        kit, one = self._kit, self._kit.client(client)
        kit.must_offer("not_json")
        kit.engine.run(one.say(broken_texts(count, kit.seed)))

    @keyword(tags=("Expectation",))
    def what_is_broken_should_be_refused(self, client: str | None = None) -> None:
        """Each text of `Send Broken JSON` was refused in the way that the target's file promises (``guarantees.refusal.not_json``).

        | =Argument= | =Meaning=                                                    |
        | client     | alias; none: the only open client; ``everyone``: all clients |

        Violations: not_refused, wrong_close; vacuous if nothing was broken.

        | `What Is Broken Should Be Refused` | alice |
        """
        self._kit.must_offer("not_json")
        ways = self._kit.target.file.guarantees.refusal.not_json or ()
        self._expect.holds(partial(broken_texts_refused, ways=ways), client=client)
