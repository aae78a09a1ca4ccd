"""Marketing spend that an admin brings: a CSV of month, channel, amount."""

from __future__ import annotations

import csv
import io
import math
import re
from pathlib import Path

import pandas as pd

from sales_consultant.config.errors import UsageError

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_HEADER = ["month", "channel", "amount"]


def parse_spend(text: str, where: str) -> pd.DataFrame:
    """Spend from the text of a CSV with the columns month,channel,amount, in any order of lines.

    Returns a row a month (index: "2026-03", sorted), a column a channel, amounts in units of money; a month without a line
    for a channel has 0 of it. Raises UsageError with `where` (the file) and the line: a wrong header, month or amount, a
    negative amount, no channel, a channel given twice in a month, or no line at all.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    if [cell.strip().lower() for cell in next(rows, [])] != _HEADER:
        raise UsageError(
            f"{where}, line 1: the header is not month,channel,amount.",
            action="Begin the file with: month,channel,amount",
        )
    found: dict[tuple[str, str], float] = {}
    for row in rows:
        here = f"{where}, line {rows.line_num}"
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(_HEADER):
            raise UsageError(
                f"{here}: {len(row)} cells instead of 3.",
                action="Write one month, channel and amount a line.",
            )
        month, channel, amount = (cell.strip() for cell in row)
        key = (_month(month, here), channel)
        if not channel:
            raise UsageError(f"{here}: the channel is empty.", action="Name the channel, as search.")
        if key in found:
            raise UsageError(
                f"{here}: {channel} was given for {month} before.", action="Keep one of the lines."
            )
        found[key] = _amount(amount, here)
    if not found:
        raise UsageError(f"{where}: no spend is in it.", action="Write lines like: 2026-03,search,1200")
    frame = pd.Series(found).unstack().fillna(0.0)
    return frame.sort_index().rename_axis(index=None, columns=None)


def _month(text: str, where: str) -> str:
    if not _MONTH.fullmatch(text):
        raise UsageError(
            f"{where}: {text!r} is no month.",
            action="Write months as 2026-03: the year, a hyphen, two digits.",
        )
    return text


def _amount(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise UsageError(
            f"{where}: {text!r} is no amount spent.",
            action="Write amounts of 0 or more with a point and without separators: 1234.5.",
        )
    return value


def read_spend(path: Path) -> pd.DataFrame:
    """The spend of a CSV file; UsageError as `parse_spend`, and where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: the file cannot be read ({type(error).__name__}).", action="Give a CSV file in UTF-8."
        ) from error
    return parse_spend(text, str(path))
