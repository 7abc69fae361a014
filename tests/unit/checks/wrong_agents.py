"""Model servers whose agents do not do what they should, each in one way."""

from __future__ import annotations

from typing import Any

from model_server import Account, ModelServer, Sent, digest_of


class Missing(ModelServer):
    """One of the targets hears nothing, now and then."""

    def contribute(self, account: Account, name: str, sent: Sent, key: str | None) -> dict[str, Any]:
        if self.random.random() < 0.2:
            return {"agent": name, "processed_sequence": sent.sequence_id, "shared_version": account.writes[key] if key else None}
        return super().contribute(account, name, sent, key)


class MissingLast(ModelServer):
    """The last agent is always one write behind."""

    def contribute(self, account: Account, name: str, sent: Sent, key: str | None) -> dict[str, Any]:
        said = super().contribute(account, name, sent, key)
        if key and name == "reporting":
            late = account.agents[name]["shared_state"]
            late[key], self.late = getattr(self, "late", {"value": "", "version": 0}), late[key]
        return said


class Corrupted(ModelServer):
    def all_agent_states(self, account: Account) -> dict[str, Any]:
        states = super().all_agent_states(account)
        states["agents"]["data"]["corrupted"] = True
        return states


class CountsAll(ModelServer):
    """Agents that were not named count as well."""

    def apply(self, account: Account, sent: Sent) -> dict[str, Any]:
        account.agents["data"]["messages_processed"] += "data" not in sent.details.get("target_agents", ["data"])
        return super().apply(account, sent)


class OtherSequence(ModelServer):
    def contribute(self, account: Account, name: str, sent: Sent, key: str | None) -> dict[str, Any]:
        return {**super().contribute(account, name, sent, key), "processed_sequence": sent.sequence_id - 1}


class OtherVersion(ModelServer):
    def contribute(self, account: Account, name: str, sent: Sent, key: str | None) -> dict[str, Any]:
        return {**super().contribute(account, name, sent, key), "shared_version": 99}


class OtherContributor(ModelServer):
    def apply(self, account: Account, sent: Sent) -> dict[str, Any]:
        details = super().apply(account, sent)
        return {**details, "contributing_agents": [{"agent": "data", "processed_sequence": sent.sequence_id}]}


class Cached(ModelServer):
    """Every second answer is an old one."""

    def all_agent_states(self, account: Account) -> dict[str, Any]:
        self.kept = [*getattr(self, "kept", []), super().all_agent_states(account)]
        return self.kept[-1 if len(self.kept) % 4 else 0]


class SwapsKeys(ModelServer):
    def all_agent_states(self, account: Account) -> dict[str, Any]:
        states = super().all_agent_states(account)
        for state in states["agents"].values():
            if len(state["shared_state"]) == 2:
                state["shared_state"] = dict(zip("kj", reversed([state["shared_state"][key] for key in "kj"]), strict=True))
        return states


class SwapsAgents(ModelServer):
    def all_agent_states(self, account: Account) -> dict[str, Any]:
        states = super().all_agent_states(account)
        agents = states["agents"]
        agents["data"]["shared_state"] = agents["reporting"]["shared_state"]
        return states


class Torn(ModelServer):
    """Values of one moment, versions of the next."""

    def all_agent_states(self, account: Account) -> dict[str, Any]:
        states = super().all_agent_states(account)
        for state in states["agents"].values():
            for shown in state["shared_state"].values():
                shown["version"] = max(1, shown["version"] - 1)
        return states


class SaysAnotherValue(ModelServer):
    def apply(self, account: Account, sent: Sent) -> dict[str, Any]:
        details = super().apply(account, sent)
        if "shared" in details:
            details["shared"] = {**details["shared"], "value": digest_of("another")}
        return details


class Forks(ModelServer):
    """Two agents with two values of one version."""

    def contribute(self, account: Account, name: str, sent: Sent, key: str | None) -> dict[str, Any]:
        said = super().contribute(account, name, sent, key)
        if key and name == "data":
            account.agents[name]["shared_state"][key]["value"] = digest_of("fork")
        return said


class CountsWritesTwice(ModelServer):
    """A version of a key is left out, now and then."""

    def apply(self, account: Account, sent: Sent) -> dict[str, Any]:
        account.writes["k"] += self.random.random() < 0.2
        return super().apply(account, sent)


class CountsWriteNot(ModelServer):
    """Two writes of a key have one version."""

    def apply(self, account: Account, sent: Sent) -> dict[str, Any]:
        account.writes["k"] -= account.writes["k"] == 5
        return super().apply(account, sent)


class SequenceBefore(ModelServer):
    """An agent names the message before its last one."""

    def contribute(self, account: Account, name: str, sent: Sent, key: str | None) -> dict[str, Any]:
        before = account.agents[name]["last_sequence_id"]
        said = super().contribute(account, name, sent, key)
        account.agents[name]["last_sequence_id"] = before
        return said


class OneLate(ModelServer):
    """An agent shows a count that was right a message ago."""

    def all_agent_states(self, account: Account) -> dict[str, Any]:
        self.kept = [*getattr(self, "kept", []), super().all_agent_states(account)]
        return {**self.kept[-1], "agents": self.kept[max(0, len(self.kept) - 2)]["agents"]}
