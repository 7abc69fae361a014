"""Keywords that send what a target has to refuse, and judge that it harmed nobody."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ..arguments import Count, Duration, Rate, Size
from ..checks import History
from ..checks.leaks import memory_within
from ..checks.malformed import effects_counted, handshakes_ended, malformed_refused, nobody_else_harmed, rate_kept
from ..engine.hesitant import HESITANT, Hesitant
from ..engine.malformed import all_answered, ask_everybody, send_burst, send_malformed, send_odd, send_of_size
from ..engine.sending import HANG_GUARD
from ..engine.watching import sample
from ..errors import UsageError
from ..malformed_inputs import Input, named, read_inputs
from .decorator import keyword
from .expectation import Check, Expectation
from .kit import Kit

AT_ONCE = Duration(0)
MEMORY = Size(25_000_000)


class MalformedKeywords:
    """Tables of inputs are in ``resources/payloads``; how a target refuses them is promised in its file."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation
        self._hesitant: Hesitant | None = None

    @keyword(tags=("Sending", "Faults"))
    def send_malformed(self, table: str, name: str, client: str | None = None) -> None:
        """Sends one input of a table: a text that is no JSON, bytes that are no text, a message with a part of the wrong type.

        | =Argument= | =Meaning=                                                                              |
        | table      | a file in ``resources/payloads``, such as ``malformed_json``, or a path                |
        | name       | an input in it, such as ``truncated``                                                  |
        | client     | alias; none: the only open client                                                      |

        An input that the table calls ``accepted`` is sent as a message like any other. What comes of it is for `The Malformed Input Should
        Have Harmed Nobody`. Fails if the target does not offer what the table calls ``refused``, such as ``not_json``: its file must say how
        it refuses such input (``guarantees.refusal``) and permit ``hostile``.

        | `Send Malformed` | malformed_json | truncated | alice |
        """
        kit, one, inputs = self._kit, self._kit.client(client), read_inputs(table)
        chosen = named(inputs, table, name)
        ways = self._ways(inputs.promise(chosen))
        self._look_at_the_server()
        adapter = kit.target.adapter
        kit.engine.run(send_odd(one, adapter, chosen) if chosen.accepted else send_malformed(one, adapter, name, chosen, ways))

    @keyword(tags=("Sending", "Faults"))
    def send_message_of_size(self, size: Size, client: str | None = None) -> None:
        """Sends one message whose text on the wire has exactly so many bytes, be they more than the target takes.

        | =Argument= | =Meaning=                                                        |
        | size       | such as ``5000001 B`` or ``15 MB``; all of the message, 300 B or more |
        | client     | alias; none: the only open client                                |

        Above ``limits.message_size`` it is one that the target has to refuse. Fails if the target does not offer ``too_large``.

        | `Send Message Of Size` | 5000001 B | alice |
        """
        kit, one = self._kit, self._kit.client(client)
        ways = self._ways("too_large")
        limit = kit.target.file.limits.message_size or 0
        self._look_at_the_server()
        kit.engine.run(send_of_size(one, kit.target.adapter, int(size), ways if size > limit else None))

    @keyword(tags=("Sending", "Faults"))
    def send_malformed_burst(self, count: Count, table: str, client: str | None = None, *, every: Duration = AT_ONCE) -> None:
        """Sends many inputs of a table, one after the other; again from its first where it has not so many.

        | =Argument= | =Meaning=                                                               |
        | count      | how many, 1 or more                                                     |
        | table      | a file in ``resources/payloads``, such as ``malformed_json``, or a path |
        | client     | alias; none: the only open client                                       |
        | every      | time between two, such as ``10 ms``; 0: as fast as they are taken        |

        What the table calls ``accepted`` is left out. Fails like `Send Malformed`.

        | `Send Malformed Burst` | 20 | malformed_json | alice | every=10 ms |
        """
        kit, one, inputs = self._kit, self._kit.client(client), read_inputs(table)
        beyond = self._ways("too_many") if kit.target.offers("too_many") else ()
        usual = [(name, each, [*self._ways(inputs.promise(each)), *beyond]) for name, each in inputs.inputs.items() if not each.accepted]
        burst: list[tuple[str, Input, Sequence[str]]] = [usual[number % len(usual)] for number in range(count)]
        self._look_at_the_server()
        kit.engine.run(send_burst(one, kit.target.adapter, burst, float(every)))

    @keyword(tags=("Target", "Control"))
    def limit_message_rate(self, rate: Rate) -> None:
        """Says how many messages a second a connection may send that is opened from now on, until the test ends.

        | =Argument= | =Meaning=                                |
        | rate       | such as ``100 msg/s``; whole, 1 or more  |

        Fails if the target does not offer ``message_rate``.

        | `Limit Message Rate` | 100 msg/s |
        """
        kit, target = self._kit, self._kit.target
        if not rate.is_integer():
            raise UsageError(f"rate must be a whole number of messages a second, 1 or more, not {rate:g}")
        kit.must_offer("message_rate")

        def restore() -> None:
            if kit.has_target and kit.target is target and not target.was_killed:
                kit.engine.run(target.control("message_rate", rate=None))

        kit.scope.undo.append(restore)
        kit.engine.run(target.control("message_rate", rate=int(rate)))

    @keyword(tags=("Expectation", "Faults"))
    def the_message_rate_should_have_been_kept(self, rate: Rate, client: str | None = None) -> None:
        """Of the malformed inputs of a client the target looked at no more than the rate allows, and refused the others for that.

        | =Argument= | =Meaning=                                           |
        | rate       | such as ``100 msg/s``, as `Limit Message Rate` said |
        | client     | alias; none: the only open client                   |

        What comes in one second may come at once. Records ``messages_beyond_rate`` (msg). Violation: no_backpressure. Fails if the target does
        not offer ``too_many`` (``guarantees.refusal.too_many`` in its file).

        | `The Message Rate Should Have Been Kept` | 100 msg/s | alice |
        """
        kit, one, ways = self._kit, self._kit.client(client), self._ways("too_many")
        kit.engine.run(all_answered(one, kit.scope.cursor, HANG_GUARD))
        history = History(kit.engine.journal.slice(kit.scope.cursor, {one.alias}), [])
        self._expect.judge(history, [partial(rate_kept, client=one.alias, rate=float(rate), ways=ways)])

    @keyword(tags=("Connecting", "Faults"))
    def leave_handshakes_unfinished(self, count: Count) -> None:
        """Opens connections that never finish their handshake: they say nothing, a letter, some lines, or all but the end of the request.

        | =Argument= | =Meaning=           |
        | count      | how many, 1 or more |

        They stay until the target ends them or the test is over, and say a letter more when `The Unfinished Handshakes Should Have Been
        Ended` begins to wait. Fails if the target does not offer ``handshake_limit`` (``guarantees.handshake_within`` in its file).

        | `Leave Handshakes Unfinished` | 200 |
        """
        kit = self._kit
        kit.must_offer("handshake_limit")
        hesitant = self._hesitant = Hesitant(kit.engine.journal)
        kit.scope.undo.append(lambda: kit.engine.run(hesitant.close()))
        kit.engine.run(hesitant.begin(kit.target.file.connect, kit.target.fill(kit.target.file.connect.url), int(count)))

    @keyword(tags=("Expectation", "Faults"))
    def the_unfinished_handshakes_should_have_been_ended(self) -> None:
        """The target has ended each connection of `Leave Handshakes Unfinished`, or does so within 30 s.

        Let more time pass before than the target's file grants (``guarantees.handshake_within``), by its own clock: `Move The Clock By`. Records
        ``handshakes_left_open`` (connections). Violation: not_isolated.

        | `Move The Clock By` | 11 s |
        | `The Unfinished Handshakes Should Have Been Ended` |
        """
        kit = self._kit
        if self._hesitant is None:
            raise UsageError("no handshake was left unfinished; use 'Leave Handshakes Unfinished' first")
        kit.engine.run(self._hesitant.go_on())
        kit.engine.run(self._hesitant.ended(HANG_GUARD))
        history = History(kit.engine.journal.slice(kit.scope.cursor, {HESITANT}), [])
        self._expect.judge(history, [handshakes_ended])

    @keyword(tags=("Expectation", "Faults"))
    def the_malformed_input_should_have_harmed_nobody(self, client: str | None = None, *, memory: Size = MEMORY) -> None:
        """Every malformed input of a client was refused as promised and had no effect; everybody else was served as before.

        | =Argument= | =Meaning=                                                                    |
        | client     | alias of who has sent it; none: the only open client                         |
        | memory     | by so much the server's memory may have grown since the first input, such as ``25 MB`` |

        Each client that is connected sends a good message first, which has to be answered; another client must be there. Refusals must not
        tell of the inside of the target. Records ``server_memory_growth`` (B). Violations: not_refused, wrong_close, not_isolated, miscounted, leak.
        Memory and count are left out where the target does not tell them.

        | `The Malformed Input Should Have Harmed Nobody` | alice |
        """
        kit, alias = self._kit, self._kit.client(client).alias
        everybody = kit.clients("everyone")
        kit.engine.run(ask_everybody(everybody))
        self._expect.history("everyone")
        counts = kit.target.offers("message_count") and kit.client(alias).is_connected
        if counts:
            kit.engine.run(kit.client(alias).ask("agent_state", None))
        is_seen = self._look_at_the_server()
        history = self._expect.history("everyone", server=True)
        checks: list[Check] = [partial(malformed_refused, client=alias), partial(nobody_else_harmed, client=alias)]
        if counts:
            checks.append(partial(effects_counted, client=alias))
        if is_seen:
            checks.append(partial(memory_within, limit=int(memory)))
        self._expect.judge(history, checks)

    def _ways(self, promise: str) -> Sequence[str]:
        """How the target promises to refuse this."""
        self._kit.must_offer(promise)
        return getattr(self._kit.target.file.guarantees.refusal, promise) or ()

    def _look_at_the_server(self) -> bool:
        """Writes the size of the server's process into the journal, if it is known and still there."""
        kit, process = self._kit, self._kit.target.server
        if process is None or not process.is_running():
            return False
        sample(kit.engine.journal, process)
        return True
