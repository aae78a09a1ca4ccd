"""A terminal of one's own: a program on a pseudo-terminal, and what stands on its screen over time."""

import fcntl
import os
import pty
import re
import struct
import termios
from collections.abc import Iterator, Sequence

from support import programs

# A control sequence, a control character, or a run of text. What comes last may be cut off.
PARTS = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|([\r\n\b])|([^\x1b\r\n\b]+)")


def bytes_of(command: Sequence[str], *, columns: int, rows: int = 24) -> str:
    """All that a program writes to a terminal of this size; AssertionError where it fails."""
    above, below = pty.openpty()
    fcntl.ioctl(below, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    surroundings = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR")}
    with programs.start(
        command,
        stdin=below,
        stdout=below,
        stderr=below,
        close_fds=True,
        env={**surroundings, "TERM": "xterm", "PYTHONIOENCODING": "utf-8"},
    ) as program:
        os.close(below)
        written = b""
        try:
            while part := os.read(above, 65536):
                written += part
        except OSError:
            # Linux tells so that nobody holds the other side any more.
            pass
        finally:
            os.close(above)
    assert program.returncode == 0, written.decode(errors="replace")
    return written.decode()


def screens(text: str, *, columns: int) -> Iterator[list[str]]:
    """The lines on the screen after each part of what was written; the screen is as high as it need be."""
    lines, row, column = [""], 0, 0
    for match in PARTS.finditer(text):
        number, command, control, run = match.groups()
        if command == "A":
            row = max(0, row - int(number or 1))
        elif command == "K":
            # The only one that is asked for erases the whole line.
            lines[row] = lines[row][:column] if number in ("", "0") else ""
        elif control == "\r":
            column = 0
        elif control == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif run:
            assert column + len(run) <= columns, f"a line that is broken: {lines[row]}{run}"
            lines[row] = lines[row][:column].ljust(column) + run + lines[row][column + len(run) :]
            column += len(run)
        yield list(lines)
