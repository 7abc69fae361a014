"""What a client may tell the agent to keep in mind: an ``update_agent_context``, from its JSON object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reference_platform.messages import ContextUpdate, Fields, Invalid
from reference_platform.plain_message import MAX_INT

DEEPEST = 32
"""Levels of lists and objects in what is told."""
_TOLD = ("preferences", "variables", "workflow", "tool_call", "pending_operations", "results")
_OBJECTS = ("preferences", "variables", "results")
MOST_OPERATIONS = 100
"""Pending operations of a session."""


def context_update(fields: dict[str, Any], request_id: str, is_name: Callable[[object], bool]) -> ContextUpdate | Invalid:
    """The update, or what is wrong with it; a part that is null is as good as absent."""
    told = {name: fields.get(name) for name in _TOLD}
    workflow, tool_call, operations = told["workflow"], told["tool_call"], told["pending_operations"]
    if all(part is None for part in told.values()):
        wrong = f"an update says at least one of {', '.join(_TOLD)}"
    elif not all(told[name] is None or type(told[name]) is dict for name in _OBJECTS):
        wrong = f"{', '.join(_OBJECTS[:-1])} and {_OBJECTS[-1]} must be objects"
    elif workflow is not None and not _is_workflow(workflow, is_name):
        wrong = "workflow must have current_step and total_steps, whole numbers from 0, and pending_steps, a list of names"
    elif tool_call is not None and not (type(tool_call) is dict and is_name(tool_call.get("name"))):
        wrong = "tool_call must have a name"
    elif operations is not None and not _are_operations(operations, is_name):
        wrong = f"pending_operations must be a list of at most {MOST_OPERATIONS}, each with a name and its progress from 0 to 1"
    elif not all(_is_flat(told[name], DEEPEST) for name in (*_OBJECTS, "tool_call")):
        wrong = f"lists and objects must be nested {DEEPEST} levels deep at most"
    else:
        return ContextUpdate(
            request_id, told["preferences"] or {}, told["variables"] or {},
            None if workflow is None else _only(workflow, "current_step", "total_steps", "pending_steps"),
            None if tool_call is None else _only(tool_call, "name", "arguments", "result"),
            None if operations is None else [_only(operation, "name", "progress") for operation in operations], told["results"] or {},
        )  # fmt: skip
    return Invalid("invalid_message", wrong, request_id=request_id)


def _only(told: Fields, *names: str) -> Fields:
    return {name: told.get(name) for name in names}


def _are_operations(value: object, is_name: Callable[[object], bool]) -> bool:
    return type(value) is list and len(value) <= MOST_OPERATIONS and all(
        type(operation) is dict and is_name(operation.get("name")) and type(operation.get("progress")) in (int, float) and 0 <= operation["progress"] <= 1
        for operation in value
    )


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
