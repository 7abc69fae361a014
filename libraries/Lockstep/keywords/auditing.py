"""Keywords of an investigator: what the target has noted of those whom it refused, and what it said aloud."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import Any

from robot.api.types import Secret

from ..arguments import Count
from ..checks import History
from ..checks.audit import Alert, Noted, alert_raised, no_alert_raised, refusals_on_record, trail_is_sound
from ..checks.verdict import Verdict
from ..checks.violations import Code
from ..errors import EnvironmentSetupError, UsageError
from ..targets.placeholders import decoded
from .decorator import keyword
from .expectation import Expectation
from .kit import Kit


class AuditingKeywords:
    """The audit trail and alerts."""

    def __init__(self, kit: Kit, expectation: Expectation) -> None:
        self._kit = kit
        self._expect = expectation

    @keyword(tags=("Tokens",))
    def read_audit_trail(self) -> list[dict[str, Any]]:
        """What the target has noted for an investigator since tokens were first shown in this test.

        Returns a list of dictionaries: ``index``, ``time`` (the target's), ``type``, ``severity``, ``user``, ``address``, ``user_agent``,
        ``fingerprint``, ``session`` and ``reason``. Fails if the target does not offer ``audit_trail``.

        | @{trail} =    `Read Audit Trail`
        """
        return [event._asdict() for event in self._trail()]

    @keyword(tags=("Tokens", "Expectation"))
    def every_refusal_should_be_on_record(self) -> None:
        """Each attempt of this test that was refused stands in the audit trail, once, with user, address and program; nothing else does.

        Which proxies are believed says the target file (``guarantees.audit.trusted_proxies``). Records ``refusals_audited`` (%). Violations:
        lost, phantom, corrupted.

        | `Try To Connect` | mallory | ${token} | times=5 |
        | `Every Refusal Should Be On Record` |
        """
        kit = self._kit
        trail, proxies = self._trail(), kit.target.file.guarantees.audit.trusted_proxies
        history = History(kit.engine.journal.slice(kit.scope.cursor), [])
        self._expect.judge(history, [partial(refusals_on_record, trail=trail, proxies=proxies)])

    @keyword(tags=("Tokens", "Expectation"))
    def the_audit_trail_should_be_sound(self) -> None:
        """It has no gap, is in order, says what it must, names tokens by 16 hex digits only, and holds no token of this test.

        Violations: gap, reordered, corrupted, leaked_to_other_user.

        | `The Audit Trail Should Be Sound` |
        """
        kit = self._kit
        verdict = trail_is_sound(self._trail(), kit.scope.audit_since or 0, kit.scope.secrets)
        self._expect.conclude([("audit", verdict)])

    @keyword(tags=("Tokens", "Expectation"))
    def the_audit_trail_should_tell(self, type: str, times: Count, role: str | None = None) -> None:  # noqa: A002 - what the trail calls it
        """So many events of this kind were noted in this test.

        | =Argument= | =Meaning=                                                                       |
        | type       | such as ``token_expired``, ``refresh_succeeded``, ``refresh_failed``            |
        | times      | exactly so many                                                                 |
        | role       | about this user, such as ``alice``; none: whomever                              |

        Violations: lost, phantom.

        | `The Audit Trail Should Tell` | refresh_succeeded | 1 | alice |
        """
        user = None if role is None else self._kit.account(role).user
        found = [event for event in self._trail() if event.type == type and user in {None, event.user}]
        verdict = Verdict("the audit trail tells what happened", exercised=times)
        if len(found) != times:
            about = "" if role is None else f" about {role}"
            verdict.violated(Code.LOST if len(found) < times else Code.PHANTOM, f"the audit trail tells {len(found)} times of {type}{about}, where {times} is right")
        self._expect.conclude([("audit", verdict)])

    @keyword(tags=("Tokens", "Expectation"))
    def alert_should_have_been_raised(self, name: str, *about: str, severity: str = "CRITICAL", token: Secret | None = None) -> None:
        """The target said aloud what it takes for an attack.

        | =Argument= | =Meaning=                                                                             |
        | name       | of the alert, such as ``repeated_expired_token_attempts``                             |
        | about      | one or more: users by their names in this test, such as ``alice``, and addresses, such as ``127.0.0.2`` |
        | severity   | how grave it has to be                                                                |
        | token      | a token that it is about, as a ``Secret``                                             |

        Fails if the target does not offer ``alerts``. Violations: lost, corrupted.

        | `Alert Should Have Been Raised` | repeated_expired_token_attempts | alice | 127.0.0.2 |
        """
        subjects = self._subjects(about) if about or token is None else {}
        if token is not None:
            subjects[sha256(token.value.encode()).hexdigest()[:16]] = "the token"
        self._expect.conclude([("audit", alert_raised(self._alerts(), name, subjects, severity))])

    @keyword(tags=("Tokens", "Expectation"))
    def no_alert_should_have_been_raised(self, *about: str) -> None:
        """The target took nothing of what these have done for an attack.

        | =Argument= | =Meaning=                                                                             |
        | about      | one or more: users by their names in this test, such as ``alice``, and addresses, such as ``127.0.0.2`` |

        Fails if the target does not offer ``alerts``. Violation: phantom.

        | `No Alert Should Have Been Raised` | alice | 127.0.0.3 |
        """
        self._expect.conclude([("audit", no_alert_raised(self._alerts(), self._subjects(about)))])

    def _trail(self) -> list[Noted]:
        kit = self._kit
        kit.must_offer("audit_trail")
        return trail_of(kit)

    def _alerts(self) -> list[Alert]:
        kit = self._kit
        kit.must_offer("alerts")
        answer = decoded(kit.engine.run(kit.target.looked_up("alerts")))
        raised = answer.get("alerts") if isinstance(answer, dict) else None
        if not isinstance(raised, list):
            raise EnvironmentSetupError(f"alerts: the answer has no list under 'alerts'; see 'control.alerts' in {kit.target.path}")
        return [Alert(*(str(one.get(name, "")) for name in Alert._fields)) for one in raised]

    def _subjects(self, about: tuple[str, ...]) -> dict[str, str]:
        if not about:
            raise UsageError("say about whom or what: a user of this test or an address")
        accounts = self._kit.scope.accounts
        return {accounts[one].user if one in accounts else one: one for one in about}


def audit_begins(kit: Kit) -> None:
    """What the target notes from here on belongs to this test; asked when the test first shows a token."""
    if kit.scope.audit_since is None and kit.has_target and kit.target.offers("audit_trail"):
        for event in _read(kit, kit.audit_seen):
            kit.audit_seen = event.index
        kit.scope.audit_since = kit.audit_seen


def trail_of(kit: Kit) -> list[Noted]:
    """What the target has noted since tokens were first shown in this test."""
    return _read(kit, kit.scope.audit_since or 0)


def _read(kit: Kit, since: int) -> list[Noted]:
    try:
        return [Noted(**event) for event in kit.engine.run(kit.target.audit(since))]
    except TypeError:
        raise EnvironmentSetupError(f"audit: an event does not say {', '.join(Noted._fields)}; see 'control.audit' in {kit.target.path}") from None
