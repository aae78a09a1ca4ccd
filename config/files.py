"""Files that are written where somebody says."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sales_consultant.config.errors import MachineError

# What a spreadsheet takes for the beginning of a formula; those of full width count there too, once they are normalised.
_FORMULA = ("=", "+", "-", "@")
# Characters that are not seen: Unicode's separators, controls and format characters. Programs skip or drop them.
_UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})


@contextmanager
def written_to(path: Path, option: str) -> Iterator[None]:
    """Around what writes a file or a folder that an option names: where it cannot be written, it is said what to do.

    Raises:
        MachineError: the place is not there, is full, or may not be written.
    """
    try:
        yield
    except OSError as e:
        why = e.strerror or type(e).__name__
        raise MachineError(
            f"{path} cannot be written: {why}.", action=f"Give another {option}; its folder must be there."
        ) from e


def guarded(text: str) -> str:
    """A cell that no spreadsheet takes for a formula, whatever unseen characters stand before it.

    >>> guarded("=1+1"), guarded(" =1+1"), guarded("Berg AG")
    ("'=1+1", "' =1+1", 'Berg AG')
    """
    seen = next((c for c in text if unicodedata.category(c) not in _UNSEEN), "")
    # A tab or a line break at the beginning may end the cell or be cut off.
    risky = text[:1] in ("\t", "\r", "\n") or unicodedata.normalize("NFKC", seen).startswith(_FORMULA)
    return f"'{text}" if risky else text
