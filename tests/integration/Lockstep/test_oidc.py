"""Tokens from an authentication server that nobody here wrote: it signs with RS256, and the platform fetches its keys."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
import yaml

from Lockstep.errors import EnvironmentSetupError
from Lockstep.targets.connect import Provider
from Lockstep.targets.http import Http
from Lockstep.targets.oidc import login, renewed
from Lockstep.targets.reach import answering, free_port

SECRET = "OIDC_TEST_SECRET"


@pytest.fixture(scope="module")
def issuer():
    """The provider as a process of its own."""
    address = f"http://127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "-p", address.rpartition(":")[2], "-H", "127.0.0.1"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert not answering(f"{address}/jwks", {}, 60, while_=lambda: process.poll() is None)
    yield address
    process.terminate()
    process.wait(30)


@pytest.fixture
def provider(issuer, monkeypatch):
    monkeypatch.setenv(SECRET, "of the client")
    return Provider(issuer=issuer, client_id="lockstep", client_secret_from=SECRET, form={"sub": "{user}"})


@pytest.fixture
def target_file(tmp_path, issuer):
    """The reference platform that trusts this provider and nobody else."""

    def make(**provider):
        settings = {"token_algorithms": "RS256", "jwks_url": f"{issuer}/jwks", "token_issuer": issuer, "token_audience": "lockstep"}
        words = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
        path = tmp_path / "trusting.yaml"
        path.write_text(yaml.safe_dump({
            "extends": "reference", "name": "trusting", "title": "Trusting platform",
            "lifecycle": {"start": ["{python}", "-m", "reference_platform", "serve", "--store", "{store}", *words]},
            "connect": {"auth": {"signing": None, "token": {
                "from": "oidc", "token": "id_token", "user_id": None,
                "provider": {"issuer": issuer, "client_id": "lockstep", "client_secret_from": SECRET, "form": {"sub": "{user}"}, **provider},
            }}},
        }))  # fmt: skip
        return path

    return make


def asked(work):
    async def closing():
        http = Http()
        try:
            return await work(http)
        finally:
            await http.close()

    return asyncio.run(closing())


SUITE = """*** Settings ***
Resource          RESOURCES/tokens.resource
Suite Setup       Start Target    {path}
Suite Teardown    Stop Target

*** Test Cases ***
Somebody With A Token Of The Provider Is Let In
    Connect As    alice
    Send Burst    5
    Every Message Should Be Answered Exactly Once

Forged Tokens Are Refused
    FOR    ${{form}}    IN    alg none    wrong signature    key of the forger    kid path    sub edited, old signature    two parts
        ${{token}} =    Forge Token    ${{form}}    mallory
        Try To Connect    mallory    ${{token}}
    END
    Every Attempt Should Be Refused    6

What Only The Issuer Could Make Is Not Offered
    The Target Must Offer    token_signing
"""


def test_a_suite_runs_with_tokens_of_the_provider(robot, target_file):
    messages = robot.run(SUITE.format(path=target_file()), **{SECRET: "of the client"}).messages
    assert {name: status for name, (status, _) in messages.items()} == {
        "Somebody With A Token Of The Provider Is Let In": "PASS", "Forged Tokens Are Refused": "PASS",
        "What Only The Issuer Could Make Is Not Offered": "SKIP",
    }, messages  # fmt: skip


def test_a_refresh_token_gets_another_access_token(issuer, provider):
    async def both(http):
        first = await login(http, provider, issuer, "alice")
        return first, await renewed(http, provider, issuer, first["refresh_token"])

    first, second = asked(both)
    assert first["id_token"].count(".") == 2
    assert second["access_token"] != first["access_token"]
    with pytest.raises(EnvironmentSetupError, match=r"new token from http://127\.0\.0\.1:\d+: .* answered HTTP 400, .*invalid_grant"):
        asked(lambda http: renewed(http, provider, issuer, "made up"))


@pytest.mark.parametrize(("changed", "said"), [
    ({"form": {"action": "deny"}}, "environment: token for alice-* from http://127.0.0.1:*: the provider let nobody in: *"),
    ({"form": {}}, "environment: token for alice-* from http://127.0.0.1:*: the provider let nobody in: HTTP 200 without a code*"),
    ({"issuer": "http://127.0.0.1:1"}, "environment: token for alice-* from http://127.0.0.1:1: http://127.0.0.1:1 could not be reached *"),
    ({"client_secret_from": "NOT_THERE"}, "environment: the client secret is read from the environment variable NOT_THERE, which is not set"),
])
def test_a_provider_that_does_not_help_fails_the_run_with_its_words(robot, target_file, changed, said):
    suite = SUITE.format(path=target_file(**changed)).partition("Forged Tokens Are Refused")[0]
    ((status, message),) = robot.run(suite, **{SECRET: "of the client"}).messages.values()
    head, *rest = said.split("*")
    assert status == "FAIL"
    assert message.startswith(head)
    assert all(part in message for part in rest), message
