"""Three servers that nobody here wrote do about each rule what docs/wire_conformance.md says."""

from __future__ import annotations

import re

import pytest

from integration.wire.other_servers import NODE_MODULES, OTHERS, ROOT, Server, kept, markdown, running, wire

PAGE = (ROOT / "docs" / "wire_conformance.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("server", OTHERS, ids=lambda server: server.name)
def test_the_page_says_what_the_server_does(server: Server) -> None:
    if server.command[0] == "node" and not (NODE_MODULES / "ws").is_dir():
        pytest.skip("npm's ws is not here; .ci/run installs it")
    head = re.search(r"^\| rule .*\|$", PAGE, re.MULTILINE)
    assert head is not None
    names = [cell.strip().rpartition(" ") for cell in head[0].strip("|").split("|")[1:]]
    column = [name for name, _, _ in names].index(server.name)
    version, seen = kept(server)
    told = {row[0].strip(): row[column + 1].strip() for line in PAGE.splitlines() if line.startswith("| ") and len(row := line.strip("|").split("|")) == len(names) + 1}
    for line in markdown({server.name: (version, seen)}).splitlines()[2:]:
        rule, cell = (part.strip() for part in line.strip("|").split("|"))
        if version == names[column][2]:
            assert told.get(rule) == cell, f"{server.name} {version}"
        elif told.get(rule) != cell:
            pytest.skip(f"the page is about {server.name} {names[column][2]}, this is {version}: {rule} is now {cell}; make the page again")


def test_a_row_can_be_shown_and_nothing_secret_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "eyJsecret")
    server = next(server for server in OTHERS if server.name == "aiohttp")
    with running(server) as ready:
        url = f"ws://127.0.0.1:{ready['port']}/ws"
        done, seen = wire(url, "--row", "an unmasked text", "--row", "opcode 3", "--show", "--token-from", "A_TOKEN", "--header", "X-Also: hush")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "2 rules at the strict level; the server answers messages.",
        "  ✗ framing            0 of 1",
        "  ✓ opcodes            1 of 1",
        "an unmasked text (RFC 6455, 5.1): the server answered the message, where it must have closed with 1002 [not_refused]",
        *done.stdout.splitlines()[4:-1],
        "1 of 2 rules are kept.",
    ]
    assert "    → TEXT, unmasked, 21 B   81 15 6c 6f 63 6b" in done.stdout
    assert "Authorization" in done.stdout
    assert "eyJsecret" not in done.stdout + str(seen)
    assert "hush" not in done.stdout


@pytest.mark.parametrize(("words", "said"), [
    (["http://127.0.0.1:1/"], "is no address of a WebSocket"), (["ws://127.0.0.1:1/ws"], "Nobody can be reached there"),
    (["ws://127.0.0.1:99999/ws"], "is no address of a WebSocket"), (["ws://desk.example.test/ws"], "Ask its owner, then say --hostile"),
    (["ws://127.0.0.1:1/", "--token-from", "NOT_SET_ANYWHERE"], "NOT_SET_ANYWHERE is not set"),
    (["ws://127.0.0.1:1/", "--message", "hello"], "--message must contain {name}"), (["ws://127.0.0.1:1/", "--header", "nothing"], "--header must be such as"),
    (["ws://127.0.0.1:1/", "--table", "/no/such/table"], "cannot be read"), (["ws://127.0.0.1:1/", "--row", "opcode 33"], "did you mean opcode 3"),
])
def test_mistakes_are_one_sentence_and_exit_code_3(words: list[str], said: str) -> None:
    done, _ = wire(*words)
    assert (done.returncode, said in done.stderr, len(done.stderr.splitlines())) == (3, True, 1), done.stderr
