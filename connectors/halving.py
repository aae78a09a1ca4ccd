"""Finding the records for which a CRM refuses a whole batch, with as few calls as can be."""

from collections.abc import Callable, Generator, Sequence

from sales_consultant.connectors.base import Change, Outcome

Send = Callable[[Sequence[Change]], list[Outcome]]
Dead = Callable[[Change, Exception], Outcome]


def isolate(
    changes: Sequence[Change], error: Exception, *, send: Send, dead: Dead, refusal: type[Exception]
) -> Generator[Outcome]:
    """One outcome a change of a batch that was refused as a whole with `error`.

    `send` raises `refusal` where a part is refused as a whole again. A half that is accepted proves that the reason lies
    in the other half, which is then not sent as a whole once more: one bad record of 100 costs 7 to 14 calls.
    """
    yield from _search(changes, error, send, dead, refusal)


def _search(
    changes: Sequence[Change], error: Exception | None, send: Send, dead: Dead, refusal: type[Exception]
) -> Generator[Outcome, None, bool]:
    """Gives whether all were accepted; `error` is what is known to be about one of them, None where nothing is."""
    if error is None:
        try:
            yield from send(changes)
        except refusal as e:
            error = e
        else:
            return True
    if len(changes) == 1:
        yield dead(changes[0], error)
        return False
    middle = len(changes) // 2
    fine = yield from _search(changes[:middle], None, send, dead, refusal)
    yield from _search(changes[middle:], error if fine else None, send, dead, refusal)
    return False
