"""Files that are written where somebody says."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sales_consultant.config.errors import MachineError


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
