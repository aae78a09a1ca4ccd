"""Keys of the settings that were renamed: the old name goes on working, and a line says what to write instead."""

from collections.abc import Callable, Mapping
from typing import Any

RENAMED: Mapping[tuple[str, ...], tuple[tuple[str, ...], str]] = {
    ("pull", "computed_days"): (("pull", "computed_fields_days"), "0.2"),
}
"""Old path, new path, and the version that renamed it."""


def renewed(values: Mapping[str, Any], tell: Callable[[str], None]) -> dict[str, Any]:
    """The settings of a file under the names of today; `tell` is given a line for each old one.

    Where both names are there the new one counts, and the line says so.
    """
    made = _copied(values)
    for old, (new, version) in RENAMED.items():
        holder = _section(made, old[:-1])
        if holder is None or old[-1] not in holder:
            continue
        value = holder.pop(old[-1])
        target = made
        for part in new[:-1]:
            target = target.setdefault(part, {})
        both = new[-1] in target
        target.setdefault(new[-1], value)
        tell(
            f'The setting "{".".join(old)}" is called "{".".join(new)}" since version {version}'
            + (
                "; both are there, and the new one counts."
                if both
                else ". Write it so; the old name still works."
            )
        )
    return made


def _copied(values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _copied(v) if isinstance(v, Mapping) else v for k, v in values.items()}


def _section(values: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any] | None:
    found: Any = values
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None
