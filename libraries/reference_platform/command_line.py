"""``python -m reference_platform serve``: arguments, the ready line, and the ways to end."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import stat
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .errors import PlatformError

BAD_INPUT = 3


def main(argv: Sequence[str]) -> int:
    """Runs the command and returns its exit code: 0 ended when asked to, 3 bad input or could not start."""
    arguments = _parser().parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        if arguments.command == "list":
            return _list()
        return _serve(arguments)
    except PlatformError as error:
        print(f"reference_platform: {error}", file=sys.stderr)
        return BAD_INPUT


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        self.exit(BAD_INPUT, f"{self.prog}: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="reference_platform", description="A correct WebSocket platform that runs agents, made to be tested against.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    serve = commands.add_parser(
        "serve",
        help="run the platform until its standard input closes",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="""\
Runs the platform on this machine. When it takes connections it prints one JSON line:
  {"event":"ready","websocket_url":...,"backend_url":...,"auth_url":...,"control_url":...,"pid":...}
and then nothing more on standard output. With --standby that line says "standby", and another one "active" when it serves. Tokens come from POST {auth_url}/auth/test-user {"email": "..."}.""",
        epilog="""\
It ends with exit code 0 on SIGTERM, SIGINT, or when its standard input closes (a pipe only: a terminal or /dev/null at the start
does not end it). Exit code 3: bad input or could not start, with one line on standard error that says why.

examples:
  reference_platform serve --port 8000 --backend-port 8001
  reference_platform serve --set max_connections=500
  reference_platform serve --store desk.sqlite --standby
  reference_platform serve --store desk.sqlite --defect r2_window_too_short
  reference_platform serve --defect my_defects.py:ForgetfulInbox --quirk n7_jitter""",
    )
    add = serve.add_argument
    add("--config", type=Path, metavar="FILE", help="YAML file with configuration keys (default: the documented defaults)")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="one configuration key, over the file; may be repeated")
    add("--port", type=_port, default=0, help="port of the WebSocket (default: any free one)")
    add("--backend-port", type=_port, default=0, metavar="PORT", help="port of accounts, health and control (default: any free one)")
    add("--store", type=Path, metavar="PATH", help="SQLite file that survives a restart (default: a temporary one, removed at the end)")
    add("--standby", action="store_true", help="wait until another platform gives the store free, then serve")
    add("--defect", action="append", default=[], metavar="NAME|FILE.py:Class", help="break one promise; may be repeated for different ports")
    add("--quirk", action="append", default=[], metavar="NAME|FILE.py:Class", help="behave oddly but legally; may be repeated")
    add("--seed", type=int, default=1, metavar="N", help="seed of every random choice (default: 1)")
    add("--no-control", action="store_true", help="serve no control interface (ledger, clock, work time, hold)")
    commands.add_parser("list", help="list the seeded defects and quirks")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text} is no port; allowed: 0 to 65535")
    return int(text)


def _list() -> int:
    from .registry import catalogue  # noqa: PLC0415 - only this command needs it

    for kind in ("defect", "quirk"):
        for name, port in catalogue(kind).items():
            print(f"{kind}  {name:32} {(port.__doc__ or '').strip().splitlines()[0]}")
    return 0


def _serve(arguments: argparse.Namespace) -> int:
    from .configuration import load  # noqa: PLC0415 - `--help` answers without pydantic
    from .platform import Settings  # noqa: PLC0415

    replaced = {}
    if arguments.standby and arguments.store is None:
        raise PlatformError("--standby waits for the store of another platform; name it with --store")
    if arguments.defect or arguments.quirk:
        from .registry import replacements  # noqa: PLC0415 - a correct platform does not load defects

        replaced = replacements(arguments.defect, arguments.quirk)
    settings = Settings(
        config=load(arguments.config, arguments.set), port=arguments.port, backend_port=arguments.backend_port, store=arguments.store,
        standby=arguments.standby, control=not arguments.no_control, seed=arguments.seed, replaced=replaced,
    )  # fmt: skip
    with asyncio.Runner(loop_factory=_fast_loop()) as runner:
        runner.run(_run(settings))
    return 0


def _fast_loop() -> Any:
    try:
        import uvloop  # noqa: PLC0415 - not on Windows
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _run(settings: Any) -> None:
    from .platform import Platform  # noqa: PLC0415

    platform = Platform(settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, platform.stop)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(platform.stop))
    try:
        platform.bind()
        _stop_with_input(loop, platform)
        if await platform.own(standing_by=lambda: _say(platform.line("standby"))):
            await platform.start()
            _say(platform.line("active" if settings.standby else "ready"))
            await platform.run()
    finally:
        platform.remove_temporary_store()


def _say(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


def _stop_with_input(loop: asyncio.AbstractEventLoop, platform: Any) -> None:
    """Whoever started the platform holds the other end of its input; when it dies, the platform ends too."""
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return

    def watch() -> None:
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(platform.stop)

    threading.Thread(target=watch, name="standard input", daemon=True).start()
