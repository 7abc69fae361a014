"""Starts Tsung from wherever it was unpacked, and its port mapper with it, on loopback only; both end with this process group.

    tsung.py PLACE PLAN.xml
"""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

PLACE, PLAN = Path(sys.argv[1]), Path(sys.argv[2])


def main():
    roots = [root for root in (PLACE / "usr/lib/erlang", PLACE / "usr/local/lib/erlang") if root.is_dir()]
    programs = sorted(PLACE.glob("usr/lib/*/tsung/tsung*-*/ebin")) + sorted(PLACE.glob("usr/lib/tsung/tsung*-*/ebin"))
    if not roots or not programs:
        sys.exit(f"no Erlang or no Tsung below {PLACE}")
    binaries = next(roots[0].glob("erts-*/bin"))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    environment = {
        **os.environ, "ROOTDIR": str(roots[0]), "BINDIR": str(binaries), "EMU": "beam", "PROGNAME": "erl",
        "ERL_EPMD_PORT": port, "ERL_EPMD_ADDRESS": "127.0.0.1", "HOME": str(PLAN.parent),
    }
    mapper = subprocess.Popen([str(binaries / "epmd")], env=environment)
    wait_for(int(port))
    load = subprocess.Popen([
        str(binaries / "erlexec"), "-smp", "auto", "+A", "8", "+K", "true", "-noshell", "-start_epmd", "false", "-proto_dist", "inet_tcp",
        "-name", "tsung_controller@127.0.0.1", "-setcookie", os.urandom(8).hex(), "+P", "250000",
        "-kernel", "inet_dist_use_interface", "{127,0,0,1}", "-s", "tsung_controller", *(word for path in programs for word in ("-pa", str(path))),
        "-sasl", "sasl_error_logger", "false", "-tsung_controller", "web_gui", "false", "-tsung_controller", "smp_disable", "true",
        "-tsung_controller", "debug_level", "5", "-tsung_controller", "warm_time", "1", "-tsung_controller", "exclude_tag", '""',
        "-tsung_controller", "config_file", f'"{PLAN}"', "-tsung_controller", "log_dir", f'"{PLAN.parent}/"', "-tsung_controller", "mon_file", '"tsung.log"',
    ], env=environment)
    try:
        sys.exit(load.wait())
    finally:
        mapper.terminate()


def wait_for(port):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit("Erlang's port mapper did not come up")


if __name__ == "__main__":
    main()
