"""Amounts that nobody meant: what people type for want of one."""

from __future__ import annotations

# What people type where a number is asked for and none is known.
_PLACEHOLDERS = frozenset(
    {0.0, 1.0, 2.0, 10.0, 123.0, 1234.0, 12345.0, 123456.0, 9999.0, 99999.0, 999999.0, 9999999.0}
)

# Of these a shop's sales may be: 1 and rows of nines are no price that occurs.
_SMALL_SALES = frozenset({2.0, 10.0, 123.0})


def placeholder(amount: float) -> bool:
    """Whether an amount is what people type for want of one.

    >>> placeholder(1.0), placeholder(999999.0), placeholder(1490.0)
    (True, True, False)
    """
    return amount <= 0 or amount in _PLACEHOLDERS


def is_placeholder_sale(amount: float) -> bool:
    """Whether an amount is no sale: a placeholder, and not one that a small sale has as well.

    >>> is_placeholder_sale(1.0), is_placeholder_sale(99999.0), is_placeholder_sale(10.0)
    (True, True, False)
    """
    return placeholder(amount) and amount not in _SMALL_SALES
