"""A result as one JSON document: safe to look at, its times in the reader's zone where one is set."""

import json
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sales_consultant.config.errors import ConfigError

# JSON itself escapes control characters below 0x20; these act on a terminal too.
_ACTS = re.compile(r"[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)")
# Values of the CRM stay as they are compared and written.
_VALUES = ("entries", "holds")


def in_zone(value: Any, zone: ZoneInfo) -> Any:
    """A document with every moment in it told in a time zone, as ISO 8601 with its offset.

    >>> in_zone({"at": "2026-11-21T05:00:00Z", "entries": ["2026-11-21T05:00:00Z"]}, ZoneInfo("Europe/Berlin"))
    {'at': '2026-11-21T06:00:00+01:00', 'entries': ['2026-11-21T05:00:00Z']}
    """
    if isinstance(value, Mapping):
        return {k: v if k in _VALUES else in_zone(v, zone) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [in_zone(v, zone) for v in value]
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(zone).isoformat(timespec="seconds")
    return value


def known_zone(name: str, source: str) -> ZoneInfo:
    """The time zone of a name; ConfigError where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as e:
        raise ConfigError(f'{source} "{name}" is not known.', action="Use a name as Europe/Berlin.") from e


def _finite(value: Any) -> Any:
    """A document without numbers that JSON has no spelling for: a gap is null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return value


def json_text(document: Mapping[str, Any], indent: int | None = None) -> str:
    """A document as JSON that is safe to look at: what a terminal would act on is escaped, letters are not."""
    text = json.dumps(_finite(document), ensure_ascii=False, indent=indent, default=str, allow_nan=False)
    return _ACTS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
