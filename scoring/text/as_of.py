"""Signals of records as they were known at a time."""

import pandas as pd

from sales_consultant.engine import Engine
from sales_consultant.engine.reads import signals as read_signals

COLUMNS = ("object", "record_id", "intent", "at_intent", "at_away", "sentiment", "unsubscribed")


def signals(engine: Engine, as_of: int) -> pd.DataFrame:
    """What was known at `as_of` (ms UTC) of what people wrote: a row a deal or contact about whom something was written.

    Columns: `object` (deals or contacts), `record_id`, `intent` of the last message from them that has one and `at_intent`,
    its moment (ms), `at_away` that of the last automatic reply, `sentiment` of their last message (-1 to 1), `unsubscribed`.
    An automatic reply is no message of theirs. Empty where text is off.
    """
    return read_signals.latest(engine, as_of)[list(COLUMNS)]
