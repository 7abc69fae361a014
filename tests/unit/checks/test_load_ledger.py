"""The ledger of a load: what a look at all rows at once says, and each wrong ledger by its code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from hypothesis import strategies as st
from random_histories import against_oracle, witnessed

from Lockstep.checks.events import LedgerRow
from Lockstep.checks.load_ledger import LoadLedger, Sender

DIGESTS = ["d0", "d1", "d2"]
USERS = ("ann", "bob")


def row(index: int, prefix: str, number: object, what: str, attempt: int = 1, **other: object) -> LedgerRow:
    fields = {"user": {"a.": "ann", "b.": "bob"}.get(prefix, "eve"), "sequence_id": number, "reason": "",
              "digest": DIGESTS[number % 3] if isinstance(number, int) else "", **other}
    return LedgerRow(index, float(index), session="", connection="", message_id=f"{prefix}{number}", attempt=attempt, agent="", what=what, **fields)


def told(ledger: LoadLedger) -> dict[str, Counter[str]]:
    return {topic: Counter({str(code): count for code, count in verdict.counts.items()})
            for topic, verdict in ledger.verdicts().items() if verdict.counts}


def judged(rows: Sequence[LedgerRow], ann: tuple[int, int, int] = (3, 3, 0), bob: tuple[int, int, int] = (2, 2, 0), **how: object) -> dict[str, Counter[str]]:
    """What is said of two connections with so many messages sent, answered and refused."""
    ledger = LoadLedger([Sender("connection 1", "ann", "a.", *ann), Sender("connection 2", "bob", "b.", *bob)], DIGESTS, **how)
    ledger.take(rows[:3])
    ledger.take(iter(rows[3:]))
    return told(ledger)


def correct() -> list[LedgerRow]:
    """Ann's three and Bob's two messages, mingled, with what else a ledger says."""
    rows = [row(0, "x.", 7, "processed")]
    for prefix, number in (("a.", 0), ("b.", 0), ("a.", 1), ("a.", 2), ("b.", 1)):
        rows += [row(len(rows) + place, prefix, number, what) for place, what in enumerate(("received", "accepted", "processed", "answered"))]
    return rows


def without(rows: list[LedgerRow], what: str, message_id: str) -> list[LedgerRow]:
    return [one for one in rows if (one.what, one.message_id) != (what, message_id)]


def replaced(rows: list[LedgerRow], message_id: str, **fields: object) -> list[LedgerRow]:
    return [one._replace(**fields) if (one.what, one.message_id) == ("processed", message_id) else one for one in rows]


WRONG: dict[str, tuple[Callable[[list[LedgerRow]], list[LedgerRow]], dict[str, dict[str, int]]]] = {
    "dropped": (lambda rows: without(rows, "processed", "a.1"), {"ledger": {"lost": 1, "disagreement": 1}}),
    "all dropped": (lambda rows: [one for one in rows if one.user != "bob"], {"ledger": {"disagreement": 2}}),
    "twice": (lambda rows: [*rows, row(99, "a.", 2, "processed", attempt=2)], {"ledger": {"duplicated": 1}}),
    "swapped": (lambda rows: [*without(rows, "processed", "a.1"), row(99, "a.", 1, "processed")], {"order": {"reordered": 1}}),
    "of nobody": (lambda rows: [*rows, row(99, "zzz.", 1, "processed", user="ann")], {"ledger": {"phantom": 1}}),
    "not sent": (lambda rows: [*rows, row(99, "b.", 2, "processed")], {"ledger": {"phantom": 1}}),
    "no number": (lambda rows: [*rows, row(99, "b.", "x", "processed")], {"ledger": {"phantom": 1}}),
    "another text": (lambda rows: replaced(rows, "a.1", digest="d2"), {"ledger": {"corrupted": 1}}),
    "another number": (lambda rows: replaced(rows, "a.1", sequence_id=2), {"ledger": {"corrupted": 1}}),
    "for another user": (lambda rows: replaced(rows, "a.1", user="bob"), {"isolation": {"leaked_to_other_user": 1}}),
    "refused as well": (lambda rows: [row(0, "b.", 0, "refused"), *rows], {"ledger": {"aborted_effect": 1}}),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_ledger_is_called_by_its_code(name: str) -> None:
    change, expected = WRONG[name]
    assert judged(change(correct())) == expected


def test_a_right_ledger_passes_and_says_how_fast_it_was() -> None:
    ledger = LoadLedger([Sender("connection 1", "ann", "a.", 3, 3, 0), Sender("connection 2", "bob", "b.", 2, 2, 0)], DIGESTS)
    ledger.take(correct())
    verdicts = ledger.verdicts()
    assert not any(verdict.counts for verdict in verdicts.values())
    assert {topic: verdict.exercised for topic, verdict in verdicts.items()} == {"ledger": 5, "order": 5, "isolation": 5}
    assert (ledger.processed, ledger.first, ledger.last) == (5, 3.0, 19.0)


def test_what_was_refused_may_be_taken_in_as_a_copy_and_nothing_else() -> None:
    rows = [row(1, "a.", 0, "refused"), row(2, "a.", 0, "accepted", attempt=2), row(3, "a.", 0, "processed", attempt=2)]
    assert judged(rows, (1, 1, 0), (0, 0, 0)) == {}
    assert judged([*rows[1:], row(1, "a.", 0, "refused", attempt=2)], (1, 1, 0), (0, 0, 0)) == {}, "refused after it had its effect: another copy"
    assert judged([row(0, "a.", 0, "refused", attempt=2), *rows[1:]], (1, 1, 0), (0, 0, 0)) == {"ledger": {"aborted_effect": 1}}
    assert judged(rows[1:], (1, 0, 1), (0, 0, 0)) == {"ledger": {"aborted_effect": 1}}, "the connection was told that it was refused"


def test_a_message_that_the_agent_failed_on_is_not_lost() -> None:
    rows = [row(1, "a.", 0, "accepted"), row(2, "a.", 0, "refused", reason="processing_failed"), row(3, "a.", 1, "accepted"), row(4, "a.", 1, "processed")]
    assert judged(rows, (2, 1, 1), (0, 0, 0)) == {}


def test_urgent_messages_keep_an_order_of_their_own() -> None:
    rows = [row(number, "a.", number, "processed") for number in (0, 3, 1, 2)]
    assert judged(rows, (4, 4, 0), (0, 0, 0)) == {"order": {"reordered": 2}}
    assert judged(rows, (4, 4, 0), (0, 0, 0), is_urgent=lambda number: number == 3) == {}


def test_only_what_is_promised_is_asked_for() -> None:
    rows = [row(1, "a.", 1, "processed"), row(2, "a.", 0, "processed"), row(3, "a.", 0, "processed", attempt=2, digest="", sequence_id="")]
    assert judged(rows, (2, 2, 0), (0, 0, 0), ordered=False, once=False) == {}
    assert judged(rows, (2, 2, 0), (0, 0, 0)) == {"order": {"reordered": 1}, "ledger": {"duplicated": 1}}


def test_no_message_is_no_proof() -> None:
    assert judged(correct()[:1], (0, 0, 0), (0, 0, 0)) == {topic: {"vacuous": 1} for topic in ("ledger", "order", "isolation")}


WHAT = st.sampled_from(("accepted", "processed", "processed", "processed", "refused", "received"))
ROW = st.tuples(st.sampled_from(("a.", "b.", "c.")), st.integers(0, 4), WHAT, st.sampled_from((1, 1, 1, 2)), st.sampled_from((*USERS, "")), st.sampled_from((*DIGESTS, "")))
ENDS = st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)).filter(lambda ends: ends[1] + ends[2] <= ends[0])


@against_oracle(st.lists(ROW, max_size=14), ENDS, ENDS, number=400)
def test_what_is_found_is_what_a_look_at_all_rows_says(given_rows: list[tuple[str, int, str, int, str, str]], ann: tuple[int, int, int],
                                                      bob: tuple[int, int, int]) -> None:
    rows = []
    for index, (prefix, number, what, attempt, user, digest) in enumerate(given_rows):
        mostly_right = row(index, prefix, number, what, attempt)
        rows.append(mostly_right._replace(**({"user": user} if user else {}), **({"digest": digest} if digest else {})))
    found = judged(rows, ann, bob)
    assert found == brute_force(rows, {"a.": ("ann", *ann), "b.": ("bob", *bob)})
    witnessed.add(bool(found))


def brute_force(rows: list[LedgerRow], senders: dict[str, tuple[str, int, int, int]]) -> dict[str, Counter[str]]:
    """The same, row against row."""
    ids = {f"{prefix}{number}": (prefix, number) for prefix, sender in senders.items() for number in range(sender[1])}
    ours = [one for one in rows if one.what == "processed" and one.message_id in ids]
    first = {one.message_id: one for one in reversed(ours)}
    found: dict[str, Counter[str]] = {"ledger": Counter(), "order": Counter(), "isolation": Counter()}
    ledger = found["ledger"]
    strangers = [one for one in rows if one.what == "processed" and one.message_id not in ids]
    ledger["phantom"] = sum(one.user in USERS or one.message_id[:2] in senders for one in strangers)
    ledger["duplicated"] = len(ours) - len(first)
    ledger["corrupted"] = sum(one.digest != DIGESTS[ids[one.message_id][1] % 3] for one in ours)
    found["isolation"]["leaked_to_other_user"] = sum(one.user != senders[one.message_id[:2]][0] for one in ours)
    aborted = [one for one in first.values() if any(
        other.what == "refused" and (other.message_id, other.attempt) == (one.message_id, one.attempt) and other.index < one.index for other in rows)]
    for prefix, (_, sent, answered, refused) in senders.items():
        processed = sum(message_id.startswith(prefix) for message_id in first)
        ledger["disagreement"] += max(0, answered - processed)
        ledger["aborted_effect"] += max(0, processed - (sent - refused) - sum(one.message_id.startswith(prefix) for one in aborted))
    ledger["aborted_effect"] += len(aborted)
    for message_id in ids:
        said = {one.what for one in rows if one.message_id == message_id}
        ledger["lost"] += "accepted" in said and not said & {"processed", "refused"}
    found["order"]["reordered"] = sum(
        any(other.index < one.index and other.message_id[:2] == one.message_id[:2] and ids[other.message_id][1] > ids[one.message_id][1]
            for other in first.values()) for one in first.values())
    for topic in ("order", "isolation"):
        found[topic]["vacuous"] = not ours
    ledger["vacuous"] = not any(sender[1] for sender in senders.values())
    return {topic: codes for topic, codes in ((topic, +codes) for topic, codes in found.items()) if codes}
