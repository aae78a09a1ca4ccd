"""Who is in the control group: drawn once by a salted hash of the company, kept for good (architecture, section 10)."""

import secrets
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sales_consultant.insight.experiments import draw
from sales_consultant.sync.stores import State, groups

_SALT = "group_salt"


def salt(state: State) -> str:
    """The installation's salt, drawn at first use: without it nobody can foresee or choose a group."""
    salt_text = state.get(_SALT)
    if salt_text is None:
        salt_text = secrets.token_hex(16)
        state.put(_SALT, salt_text)
    return salt_text


def any_control(state: State) -> bool:
    """Whether anybody was ever drawn into the control group."""
    return bool(state.rows(sa.select(groups.c.unit).where(groups.c.name == "control").limit(1)))


def assign(state: State, units: Iterable[str], *, share: float, now: int) -> dict[str, str]:
    """The group of every unit, "control" or "shown"; new units are drawn, known ones keep what they had.

    A unit is a company, or a record without one: all its contacts and deals share its group.
    """
    wanted = sorted(set(units))
    if not wanted:
        return {}
    with state.begin() as c:
        known = {str(u): str(g) for u, g in c.execute(sa.select(groups.c.unit, groups.c.name))}
        key = salt(state) if any(u not in known for u in wanted) else ""
        new = [
            {
                "unit": u,
                "name": "control" if draw(u, key) < share else "shown",
                "share": share,
                "assigned_at": now,
            }
            for u in wanted
            if u not in known
        ]
        if new:
            c.execute(sqlite_insert(groups).on_conflict_do_nothing(), new)
    known.update({str(n["unit"]): str(n["name"]) for n in new})
    return {u: known[u] for u in wanted}
