"""One run of a connection at a time: a file lock that a kill releases, and a fence that a zombie cannot pass."""

import contextlib
import fcntl
import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sales_consultant.config.errors import BusyError
from sales_consultant.sync.stores import State, leases

NAME = "run"
WANTED = "wanted_at"


@dataclass(frozen=True)
class Lease:
    """The right to change things, as long as no later lease was taken."""

    fence: int

    def check(self, c: Connection) -> None:
        """Raise BusyError where another run has taken over; called in the transaction that sends a batch."""
        held = c.execute(sa.select(leases.c.fence).where(leases.c.name == NAME)).scalar()
        if held != self.fence:
            raise BusyError(
                "Another run has taken over this connection.", action="Nothing to do: that run goes on."
            )


def wanted_since(state: State) -> int | None:
    """When somebody last wanted the connection and did not get it (ms, this machine's clock)."""
    held = state.get(WANTED)
    return None if held is None else int(held)


@contextlib.contextmanager
def hold(state: State, lock: Path, *, job: str, now: int) -> Iterator[Lease]:
    """The lease while the block runs. Raises BusyError naming the holder where another process has it."""
    with open(lock, "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            # Who can give way, as a backfill of hours, does.
            with contextlib.suppress(Exception):
                state.put(WANTED, str(now))
            held = state.rows(sa.select(leases).where(leases.c.name == NAME))
            who = held[0]["holder"] if held else "another process"
            raise BusyError(
                f"Another run of this connection is going on: {who}.", action="Wait until it has ended."
            ) from e
        holder = f"{job}, process {os.getpid()} on {socket.gethostname()}"
        with state.begin() as c:
            fence = (
                int(c.execute(sa.select(sa.func.coalesce(sa.func.max(leases.c.fence), 0))).scalar() or 0) + 1
            )
            c.execute(sa.delete(leases).where(leases.c.name == NAME))
            c.execute(sa.insert(leases).values(name=NAME, holder=holder, fence=fence, taken_at=now))
        try:
            yield Lease(fence)
        finally:
            with contextlib.suppress(Exception), state.begin() as c:
                c.execute(
                    sa.update(leases)
                    .where(leases.c.name == NAME, leases.c.fence == fence)
                    .values(released_at=now)
                )


def holder_lives(state: State) -> bool:
    """Whether the process that took the lease last is there, as far as this machine can tell."""
    newest = state.rows(sa.select(leases.c.holder, leases.c.released_at))
    holder = re.search(r"process (\d+) on (.+)$", str(newest[0]["holder"])) if newest else None
    if holder is None or newest[0]["released_at"] is not None:
        return False
    if holder[2] != socket.gethostname():
        return True
    try:
        os.kill(int(holder[1]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
