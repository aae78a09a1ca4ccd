"""Whichever records a batch is refused for, each is found, no other is blamed, and few calls are spent."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from sales_consultant.connectors.base import Change, Outcome
from sales_consultant.connectors.halving import isolate


class RefusedError(Exception):
    """The whole part was refused."""


@given(size=st.integers(1, 200), data=st.data())
def test_every_bad_record_is_found_in_at_most_sixteen_calls(size: int, data: st.DataObject) -> None:
    bad = data.draw(st.sets(st.integers(0, size - 1).map(str), min_size=1))
    changes = [Change("deals", str(n), {"score": "1"}) for n in range(size)]
    sent = 0

    def send(part: Sequence[Change]) -> list[Outcome]:
        nonlocal sent
        sent += 1
        guilty = sorted(c.record_id for c in part if c.record_id in bad)
        if guilty:
            raise RefusedError(guilty)
        return [Outcome(c.object, c.record_id, "done") for c in part]

    def dead(change: Change, why: Exception) -> Outcome:
        # The words that are kept are about this record and no other.
        assert why.args == ([change.record_id],)
        return Outcome(change.object, change.record_id, "dead")

    first = RefusedError(sorted(bad))
    found = list(isolate(changes, first, send=send, dead=dead, refusal=RefusedError))
    assert [o.record_id for o in found] == [c.record_id for c in changes], "one outcome each, in order"
    assert {o.record_id for o in found if o.state == "dead"} == bad
    assert sent <= 16 * len(bad)
