"""Requests to a target's HTTP side: an answer may be long, a silence may not."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from Lockstep.errors import EnvironmentSetupError
from Lockstep.targets.http import Http


async def asked(handler, within: float) -> bytes:
    application = web.Application()
    application.router.add_get("/ledger", handler)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    client = Http()
    try:
        return await client.request("ledger", "GET", f"http://127.0.0.1:{port}/ledger", within=within)
    finally:
        await client.close()
        await runner.cleanup()


def test_a_long_answer_is_read_to_its_end():
    async def slowly(request):
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(10):  # 2.5 s in all, never 2 s without a byte
            await response.write(b"line\n")
            await asyncio.sleep(0.25)
        return response

    assert asyncio.run(asked(slowly, 2.0)) == b"line\n" * 10


def test_a_silent_target_is_told():
    gone = asyncio.Event()

    async def silent(_):
        await gone.wait()

    with pytest.raises(EnvironmentSetupError, match=r"ledger: no answer within 0\.2 s from http://127\.0\.0\.1"):
        asyncio.run(asked(silent, 0.2))
