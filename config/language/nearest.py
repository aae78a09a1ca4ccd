"""The nearest known name, for messages about an unknown one."""

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was most likely meant to be; None where nothing is near.

    >>> nearest("conections", ["connections", "write"])
    'connections'
    """
    # The cutoff is the default of difflib.
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence with the nearest known name, or with all of them where nothing is near."""
    names = sorted(known)
    near = nearest(name, names)
    return f'Did you mean "{near}"?' if near else f"Known: {', '.join(names)}."
