"""The tests on a machine unlike ours: `python tests/support/odd_place.py [pytest's words]` (`make odd-place`).

SIGINT ignored, no terminal, another locale, time zone and home, and every port from 8000 to 9000 taken.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence

PORTS = range(8000, 9001)


def surroundings(home: str, locale: str) -> dict[str, str]:
    """The environment: where programs look for a home of any kind there is none that can be written to."""
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("LC_", "LANG", "XDG_", "SALES_CONSULTANT_", "PYTHON"))
    }
    return {**kept, "HOME": home, "LC_ALL": locale, "TZ": "Asia/Kathmandu"}


def take(ports: Sequence[int] = PORTS) -> list[socket.socket]:
    """Hold what is free of the ports, on all addresses of this machine; held until the sockets are closed."""
    held = []
    for port in ports:
        one = socket.socket()
        try:
            one.bind(("", port))
            one.listen()
        except OSError:
            one.close()
        else:
            held.append(one)
    return held


def main(words: Sequence[str]) -> int:
    """Run pytest so; its exit code."""
    held = take()
    # /proc takes no new folder, from nobody.
    env = surroundings(os.environ.get("ODD_HOME", "/proc/no-home"), os.environ.get("ODD_LOCALE", "C"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        env=env,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        check=False,
    )
    print(
        f"{len(held)} ports taken, {env['HOME']}, {env['LC_ALL']}, {env['TZ']}: pytest ended with {done.returncode}"
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
