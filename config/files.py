"""Files that are written where somebody says."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sales_consultant.config.errors import MachineError

# What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


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
    """A cell that no spreadsheet takes for a formula.

    >>> guarded("=1+1"), guarded("Berg AG")
    ("'=1+1", 'Berg AG')
    """
    return f"'{text}" if text.startswith(_FORMULA) else text
