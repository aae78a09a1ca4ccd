"""What a person gave and what is allowed instead, in words: for errors of settings, the playbook and options."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

# Longer values are cut: the beginning is enough to find the place.
_MOST = 40
# How tokens, keys and web addresses with a secret begin or look. It refuses too much rather than too little: a value that
# is not shown can still be found by the name of its setting.
_SECRET = re.compile(
    r"(?i:\bpat-|\bCiR|00D\w{12,15}!|\beyJ|-----BEGIN|\bxox[a-z]-|\bbearer\b|passw|secret|://)"
    r"|[A-Za-z0-9+/_=!.-]{40}"
    r"|(?<![A-Za-z0-9+/_=!-])(?=[A-Za-z+/_=!-]*[0-9])(?=[0-9+/_=!-]*[A-Za-z])[A-Za-z0-9+/_=!-]{16}"
)
_HIDDEN = "a value that is not shown, because it may be a secret"


def given(value: Any, *, secret: bool = False) -> str:
    """A value in one short safe line, as TOML writes it; `secret` where its name says that it must not be shown.

    >>> given("many"), given(True), given(0.5), given({"a": 1}), given("pat-eu1-0123")
    ('"many"', 'true', '0.5', 'a table', 'a value that is not shown, because it may be a secret')
    """
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple | set | frozenset):
        return "a list" if value else "an empty list"
    if value is None:
        return "empty"
    if secret or (isinstance(value, str) and is_hidden(value)):
        return _HIDDEN
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) >= 10**_MOST:
        return f"a number of more than {_MOST} digits"
    text = "".join(c if c.isprintable() else " " for c in str(value))
    shown = text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"
    return f'"{shown}"' if isinstance(value, str) else shown


def is_hidden(value: str) -> bool:
    """Whether a text looks like a secret, so that it is shown nowhere."""
    return _SECRET.search(value) is not None


def written(value: Any) -> str:
    """A value as TOML writes it, for an example.

    >>> written("sc"), written(True), written(0.5), written(["deals"])
    ('"sc"', 'true', '0.5', '["deals"]')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return given(value)
    if isinstance(value, Sequence):
        return f"[{', '.join(written(v) for v in value)}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def either(names: Sequence[Any]) -> str:
    """One of several values.

    >>> either(["minimal", "standard", "all"]), either(["deals"])
    ('"minimal", "standard" or "all"', '"deals"')
    """
    *most, last = [written(n) for n in names]
    return f"{', '.join(most)} or {last}" if most else last


def limited(
    kind: str,
    *,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> str:
    """A kind of number, or a text by its letters, with its limits.

    >>> limited("a number", least=0, most=0.5), limited("a number", least=0, below=1), limited("a number", above=0)
    ('a number from 0 to 0.5', 'a number of at least 0 and below 1', 'a number above 0')
    """
    if least is not None and most is not None:
        return f"{kind} from {_plain(least)} to {_plain(most)}"
    lower = f"above {_plain(above)}" if above is not None else ""
    lower = lower or (f"of at least {_plain(least)}" if least is not None else "")
    upper = f"at most {_plain(most)}" if most is not None else ""
    upper = upper or (f"below {_plain(below)}" if below is not None else "")
    bounds = " and ".join(b for b in (lower, upper) if b)
    return f"{kind} {bounds}" if bounds else kind


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else f"{number:g}"
