"""Values and texts as people read them. CRM text never reaches a terminal as it came."""

import re

_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def plain(value: object) -> str:
    """A value in one safe line: no control characters, no direction overrides, no markup.

    >>> plain(chr(27) + "[31mred")
    '[31mred'
    """
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    return _UNSAFE.sub("", str(value)).replace("\n", " / ")
