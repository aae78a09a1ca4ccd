"""Settings that name a column of the warehouse."""

from collections.abc import Sequence

from sales_consultant.config.language.nearest import nearest
from sales_consultant.scoring.core.errors import UnknownColumnError


def require_column(known: Sequence[str], name: str, *, table: str, setting: str) -> None:
    """Refuse a setting that names a column the table does not have, with the nearest name it has."""
    if name in known:
        return
    near = nearest(name, known)
    hint = f" Did you mean {near!r}?" if near else ""
    raise UnknownColumnError(f"{setting} names {name!r}, a column that {table} does not have.{hint}")
