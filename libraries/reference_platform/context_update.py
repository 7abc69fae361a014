"""What a client may tell the agent to keep in mind: an ``update_agent_context``, from its JSON object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .messages import ContextUpdate, Fields, Invalid
from .plain_message import MAX_INT

DEEPEST = 32
"""Levels of lists and objects in what is told."""
_TOLD = ("preferences", "variables", "workflow", "tool_call")


def context_update(fields: dict[str, Any], request_id: str, is_name: Callable[[object], bool]) -> ContextUpdate | Invalid:
    """The update, or what is wrong with it; a part that is null is as good as absent."""
    preferences, variables, workflow, tool_call = (fields.get(name) for name in _TOLD)
    if preferences is variables is workflow is tool_call is None:
        wrong = f"an update says at least one of {', '.join(_TOLD)}"
    elif not (_is_object(preferences) and _is_object(variables)):
        wrong = "preferences and variables must be objects"
    elif workflow is not None and not _is_workflow(workflow, is_name):
        wrong = "workflow must have current_step and total_steps, whole numbers from 0, and pending_steps, a list of names"
    elif tool_call is not None and not (type(tool_call) is dict and is_name(tool_call.get("name"))):
        wrong = "tool_call must have a name"
    elif not all(_is_flat(part, DEEPEST) for part in (preferences, variables, tool_call)):
        wrong = f"lists and objects must be nested {DEEPEST} levels deep at most"
    else:
        return ContextUpdate(
            request_id, preferences or {}, variables or {},
            None if workflow is None else _only(workflow, "current_step", "total_steps", "pending_steps"),
            None if tool_call is None else _only(tool_call, "name", "arguments", "result"),
        )  # fmt: skip
    return Invalid("invalid_message", wrong, request_id=request_id)


def _only(told: Fields, *names: str) -> Fields:
    return {name: told.get(name) for name in names}


def _is_object(value: object) -> bool:
    return value is None or type(value) is dict


def _is_workflow(value: object, is_name: Callable[[object], bool]) -> bool:
    if type(value) is not dict:
        return False
    steps, pending = (value.get("current_step"), value.get("total_steps")), value.get("pending_steps")
    return all(type(step) is int and 0 <= step <= MAX_INT for step in steps) and type(pending) is list and all(map(is_name, pending))


def _is_flat(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inside = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_flat(inner, levels - 1) for inner in inside)
