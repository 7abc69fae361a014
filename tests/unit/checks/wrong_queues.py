"""Model servers whose queue decides wrongly, each in one way; and two that are merely odd."""

from __future__ import annotations

from typing import Any

from model_server import Account, ModelServer, Sent

from Lockstep.checks import Kind


class CountsWhatRuns(ModelServer):
    """Quirk: a place is free only once its message was answered, so some are refused a moment too early."""

    def has_room(self, account: Account, sent: Sent) -> bool:
        return account.depth + (account.running is not None) < (self.high_places if sent.high else self.normal_places)


class CountsTheLast(ModelServer):
    """Quirk: what was answered a moment ago is still counted as being worked on."""

    def agent_state(self, account: Account) -> dict[str, Any]:
        return {**super().agent_state(account), "pending": account.depth + 1}


class OneTooMany(ModelServer):
    def has_room(self, account: Account, sent: Sent) -> bool:
        return account.depth < (self.high_places if sent.high else self.normal_places) + 1


class Unbounded(ModelServer):
    def has_room(self, account: Account, sent: Sent) -> bool:
        return True


class Lies(ModelServer):
    def told_depth(self, account: Account) -> int:
        return min(account.depth, 1)


class RefusesEarly(ModelServer):
    def has_room(self, account: Account, sent: Sent) -> bool:
        return account.depth < (self.high_places if sent.high else self.normal_places) - 2


class NeverRecovers(ModelServer):
    def has_room(self, account: Account, sent: Sent) -> bool:
        self.over = getattr(self, "over", False) or not super().has_room(account, sent)
        return not self.over


class HighLikeNormal(ModelServer):
    def has_room(self, account: Account, sent: Sent) -> bool:
        return account.depth < self.normal_places


class Evicts(ModelServer):
    def has_room(self, account: Account, sent: Sent) -> bool:
        if not super().has_room(account, sent) and sent.high and account.normal:
            self.push(account.normal[0].connection, Kind.REFUSED, account.normal.popleft(), self.refusal(account))
        return super().has_room(account, sent)


class Silent(ModelServer):
    def refusal(self, account: Account) -> dict[str, Any]:
        return {"reason": "queue_full"}


class Boasts(ModelServer):
    def refusal(self, account: Account) -> dict[str, Any]:
        return {**super().refusal(account), "queue_depth": 9}


class PromisesMore(ModelServer):
    """A refusal names more places than there are."""

    def refusal(self, account: Account) -> dict[str, object]:
        return {**super().refusal(account), "capacity": 2 * self.high_places}


class OtherPlaces(ModelServer):
    def queue_capacity(self, account: Account) -> dict[str, Any]:
        return {"capacity": 5}
