"""How far a change of the journal has come."""

from enum import StrEnum


class ChangeState(StrEnum):
    """The state of one change, as the table `changes` holds it.

    `DEAD` was refused and waits for `retry`; `WAITING` is held back by somebody, as by an approval, and tried again; `LEFT` was
    left as the record is, as a lead that was converted; `SKIPPED` gave way to a later run.
    """

    PLANNED = "planned"
    IN_FLIGHT = "inflight"
    DONE = "done"
    DEAD = "dead"
    WAITING = "waiting"
    LEFT = "left"
    SKIPPED = "skipped"


UNSETTLED = (ChangeState.PLANNED, ChangeState.IN_FLIGHT)
