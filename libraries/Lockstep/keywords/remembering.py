"""Keywords about what belongs to a session: its conversation, what the agent keeps in mind for it, and what the target says of it."""

from __future__ import annotations

from typing import Any

from ..checks import Code, Verdict
from ..engine.sending import HANG_GUARD
from ..errors import UsageError
from .decorator import keyword
from .expectation import Expectation
from .kit import Kit

ANYTHING = "*"


class RememberingKeywords:
    """History and memory, asked for and told, each with one correlated answer."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("State",))
    def read_the_conversation_history(self, client: str | None = None) -> dict[str, Any]:
        """Asks for the conversation of a client's session and returns the answer to exactly this question.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client |

        Returns a dictionary with ``count`` (entries in all) and ``messages`` (the latest of them, oldest first; each a dictionary such as
        ``message_id``, ``role``, ``content``). Does not wait for messages under way. Fails if no answer comes within 30 s, and if
        the target does not offer ``history``.

        | ${before} =    `Read The Conversation History`    alice
        """
        return self._asked("history", "conversation_history", client)

    @keyword(tags=("State",))
    def read_the_agent_memory(self, client: str | None = None) -> dict[str, Any]:
        """Asks what the agent keeps in mind for a client's session and returns the answer to exactly this question.

        | =Argument= | =Meaning=                         |
        | client     | alias; none: the only open client |

        Returns a dictionary with ``version``, ``preferences``, ``variables``, ``workflow``, ``tool_calls``, ``pending_operations``, ``results`` and ``last_activity``, as far as
        the target file maps them. Fails if no answer comes within 30 s, and if the target does not offer ``agent_memory``.

        | ${before} =    `Read The Agent Memory`    alice
        """
        return self._asked("agent_memory", "agent_context", client)

    @keyword(tags=("State", "Sending"))
    def update_the_agent_memory(
        self, client: str | None = None, *, preferences: dict[str, Any] | None = None, variables: dict[str, Any] | None = None,
        workflow: dict[str, Any] | None = None, tool_call: dict[str, Any] | None = None,
        pending_operations: list[dict[str, Any]] | None = None, results: dict[str, Any] | None = None,
    ) -> int:
        """Tells the agent something to keep in mind for a client's session, and waits until that is confirmed.

        | =Argument=  | =Meaning=                                                                          |
        | client      | alias; none: the only open client                                                  |
        | preferences | a dictionary; what is not named in it stays as it was                              |
        | variables   | likewise                                                                           |
        | workflow    | a dictionary such as ``current_step``, ``total_steps``, ``pending_steps``          |
        | tool_call   | a dictionary such as ``name``, ``arguments``, ``result``; the list becomes longer by it |
        | pending_operations | a list of what is under way, each a dictionary such as ``name``, ``progress`` (0 to 1); replaces the one before |
        | results     | a dictionary of what operations have found, to be had again; what is not named in it stays as it was |

        Returns the version that was confirmed. Fails if nothing is to be told, if no answer comes within 30 s, and if the target does
        not offer ``agent_memory``.

        | &{step} =    Create Dictionary    current_step=${3}    total_steps=${5}
        | ${version} =    `Update The Agent Memory`    alice    workflow=${step}
        """
        told = {"preferences": preferences, "variables": variables, "workflow": workflow, "tool_call": tool_call,
                "pending_operations": pending_operations, "results": results}
        if not any(told.values()):
            raise UsageError(f"there is nothing to tell the agent; give one of: {', '.join(told)}")
        return int(self._asked("agent_memory", "update_agent_context", client, **told)["version"])

    @keyword(tags=("Expectation", "Sessions"))
    def the_greeting_should_say(self, client: str | None = None, **fields: Any) -> None:
        """What the target said of the session when this client was connected last.

        | =Argument= | =Meaning=                                                                                       |
        | client     | alias; none: the only open client                                                               |
        | fields     | by the names of ``connect.ready`` in the target file, such as ``absence_class=medium``, ``reason``, ``policy``, ``warning``, ``location_changed``; ``*``: anything but nothing; ``${None}``: nothing |

        Violation: unsound_resume. A field that the target file does not map is not looked at, and listed as *not offered*.

        | `The Greeting Should Say` | alice | absence_class=medium | warning=* |
        """
        kit, one = self._kit, self._kit.client(client)
        ready, hello = kit.target.file.connect.ready, one.session.hello
        if ready is None or hello is None:
            raise UsageError(f"the target says nothing of a session; 'connect.ready' in {kit.target.path} says where it would stand")
        told, verdict = hello.details or {}, Verdict("the greeting is right")
        for name, expected in fields.items():
            if getattr(ready, name, None) is None:
                kit.leave_out(f"{name} in the greeting", f"{kit.target.title} does not tell {name}")
                continue
            verdict.exercised += 1
            if told.get(name) != expected and not (expected == ANYTHING and told.get(name)):
                verdict.violated(Code.UNSOUND_RESUME, f"the target said {_said(name, told.get(name))} to {one.alias}, where {_said(name, expected)} is right", hello)
        if verdict.exercised:
            self._expect.conclude([("greeting", verdict)])

    def _asked(self, capability: str, question: str, client: str | None, **told: Any) -> dict[str, Any]:
        kit = self._kit
        kit.must_offer(capability)
        answer = kit.engine.run(kit.client(client).ask(question, HANG_GUARD, **told))
        return dict((answer.details or {})["fields"])


def _said(name: str, value: object) -> str:
    return f"no {name}" if value is None else f"some {name}" if value == ANYTHING else f"{name} {value}"
