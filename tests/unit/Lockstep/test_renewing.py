"""New tokens over HTTP are asked for as the target file says, headers included."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from robot.api.types import Secret

from Lockstep.targets.connect import Authentication
from Lockstep.targets.placeholders import filled
from Lockstep.targets.renewing import Tokens, renewed, revoke

MINE = Tokens("alice", "u-1", Secret("old"), Secret("for-a-new-one"))


def target_that(**auth):
    """A target whose HTTP side writes down what it is asked."""
    asked = []

    async def request(what, method, url, body, *, headers, within):
        asked.append((what, method, url, body, headers, within))
        return b'{"token": "new", "refresh_token": "next"}'

    file = SimpleNamespace(connect=SimpleNamespace(auth=Authentication.model_validate(auth)))
    target = SimpleNamespace(
        file=file, title="the desk", path="desk.yaml", addresses={}, http=SimpleNamespace(request=request), fill=lambda text, **known: filled(text, known.__getitem__)
    )
    return target, asked


def test_a_renewal_takes_the_headers_of_the_file():
    target, asked = target_that(refresh={
        "url": "http://desk/renew/{user}", "headers": {"X-Key": "{refresh_token}"}, "body": {"for": "{refresh_token}", "id": "{request_id}"},
    })  # fmt: skip
    made = asyncio.run(renewed(target, MINE, None, 3.0))
    assert (made.token.value, made.refresh_token.value, made.user) == ("new", "next", "u-1")
    assert asked == [("new token for alice", "POST", "http://desk/renew/u-1", {"for": "for-a-new-one"}, {"X-Key": "for-a-new-one"}, 3.0)]


def test_a_revocation_shows_the_token():
    target, asked = target_that(revoke={"url": "http://desk/logout", "headers": {"Authorization": "Bearer {token}"}, "within": 4})
    asyncio.run(revoke(target, MINE))
    assert asked == [("end of the token of alice", "POST", "http://desk/logout", {}, {"Authorization": "Bearer old"}, 4.0)]
