"""What a streamed answer must hold once it is put together: a JSON document, or the parts of a multipart one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from email import message_from_bytes, policy
from email.message import Message
from hashlib import sha256
from typing import Any

from .verdict import Verdict
from .violations import Code

NEEDED = ("id", "sequence", "timestamp")
"""What every object of a list must have."""
NEEDED_BY_LINES = (*NEEDED, "data")
"""What every object must have that is a chunk by itself."""


def json_holds(text: str, objects: int, fields: Sequence[str] = NEEDED) -> Verdict:
    """The text is a JSON list, or an object with one list, of so many objects; each has these fields, its own id and its place as sequence.

    What does not parse, or is in the wrong place, is *corrupted*; objects that are missing or too many are *incomplete_stream* and
    *duplicated*. Measures json_objects.
    """
    verdict = Verdict("the JSON holds")
    try:
        whole = json.loads(text)
    except ValueError as error:
        verdict.exercised = 1
        verdict.violated(Code.CORRUPTED, f"the text of {len(text)} characters is no JSON: {error}")
        return verdict
    lists = [value for value in whole.values() if isinstance(value, list)] if isinstance(whole, dict) else [whole]
    return _objects(verdict, lists[0] if lists and isinstance(lists[0], list) else [], objects, fields)


def json_lines_hold(texts: Mapping[int, str], objects: int, fields: Sequence[str] = NEEDED_BY_LINES) -> Verdict:
    """Each chunk is one JSON object by itself, complete and in its place. As `json_holds`."""
    verdict = Verdict("each chunk is a JSON object")
    found: list[Any] = []
    for index in sorted(texts):
        try:
            found.append(json.loads(texts[index]))
        except ValueError as error:
            verdict.exercised += 1
            verdict.violated(Code.CORRUPTED, f"chunk {index} is no JSON: {error}")
            found.append({})
    return _objects(verdict, found, objects, fields)


def _objects(verdict: Verdict, found: Sequence[Any], objects: int, fields: Sequence[str]) -> Verdict:
    ids = set[str]()
    for place, one in enumerate(found):
        verdict.exercised += 1
        missing = [name for name in fields if not isinstance(one, dict) or one.get(name) is None]
        if missing:
            verdict.violated(Code.CORRUPTED, f"object {place} has no {', '.join(missing)}")
        elif "sequence" in fields and one["sequence"] != place:
            verdict.violated(Code.CORRUPTED, f"in place {place} stands the object with sequence {one['sequence']}")
        elif "id" in fields and str(one["id"]) in ids:
            verdict.violated(Code.DUPLICATED, f"object {place} has the id {one['id']}, which another one has")
        elif "id" in fields:
            ids.add(str(one["id"]))
    verdict.exercised = max(verdict.exercised, 1 if objects else 0)
    if len(found) != objects:
        code = Code.INCOMPLETE_STREAM if len(found) < objects else Code.DUPLICATED
        verdict.violated(code, f"{len(found)} objects came, {objects} are due")
    verdict.measured("json_objects", len(found), "objects", verdict.exercised)
    return verdict.concluded()


def multipart_holds(text: str, content_type: str, parts: Sequence[str], sizes: Mapping[str, int] | None = None) -> Verdict:
    """The text is a multipart body whose parts have these names, in this order: each with its headers, its content to the byte, and its footer.

    Of each part the digest that its header tells is compared with its content, which ends with a footer line that tells name and length.
    `sizes`: bytes of the content of parts. Missing parts are *incomplete_stream*, further ones *duplicated*, everything else *corrupted*.
    Measures multipart_parts. Source: RFC 2046.
    """
    verdict = Verdict("the multipart holds")
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n{text}".encode("utf-8", "surrogatepass"), policy=policy.HTTP)
    found = [part for part in message.walk() if part is not message]
    defects = [type(defect).__name__ for part in (message, *found) for defect in part.defects]
    if defects or not message.is_multipart():
        verdict.exercised += 1
        verdict.violated(Code.CORRUPTED, f"the text is no complete multipart body: {', '.join(defects) or 'it has no parts'}")
    names = [str(part.get("Content-ID", "")).strip("<> ") for part in found]
    if names != list(parts):
        verdict.exercised += 1
        code = Code.INCOMPLETE_STREAM if len(names) < len(parts) else Code.DUPLICATED if len(names) > len(parts) else Code.CORRUPTED
        verdict.violated(code, f"the parts are {', '.join(names) or 'none'}, they should be {', '.join(parts)}")
    for name, part in zip(names, found, strict=True):
        verdict.exercised += 1
        if wrong := _wrong_part(name, part, (sizes or {}).get(name)):
            verdict.violated(Code.CORRUPTED, f"part {name}: {wrong}")
    verdict.measured("multipart_parts", len(found), "parts", verdict.exercised)
    return verdict.concluded()


def _wrong_part(name: str, part: Message, size: int | None) -> str:
    """What is wrong with one part; empty if nothing is."""
    body = part.get_payload(decode=True)
    content, _, footer = (body if isinstance(body, bytes) else b"").rpartition(b"\r\n")
    repeated = sorted({header for header in part if len(part.get_all(header) or ()) > 1})
    if repeated:
        return f"the header {repeated[0]} stands there twice"
    if footer != f"[end of {name}: {len(content)} bytes]".encode():
        return f"its footer is {footer[:80].decode('utf-8', 'replace')!r} behind {len(content)} bytes"
    if size is not None and len(content) != size:
        return f"it has {len(content)} bytes, {size} are due"
    digest = sha256(content).hexdigest()[:16]
    return "" if part.get("X-Digest") == digest else f"its content has digest {digest}, its header says {part.get('X-Digest')}"
