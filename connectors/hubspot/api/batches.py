"""Batch reads of which a part may have failed: an answer of 207 is not a whole one."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sales_consultant.config.errors import CrmUnavailableError
from sales_consultant.connectors.http import safe_text
from sales_consultant.connectors.hubspot.api.client import HubSpotApi

Json = dict[str, Any]
# Seconds before those that were left out are asked again: a judgement, for what passes by itself mostly passes in
# seconds.
PAUSES = (1.0, 4.0, 15.0)
# Also what HubSpot says of a record that has no links.
_GONE = "OBJECT_NOT_FOUND"
# How many ids an error names: a judgement, enough to look into HubSpot.
_TOLD = 5


def named(error: Mapping[str, Any]) -> list[str]:
    """The records an error is about: by id, by trace id, or as the side that links were asked of."""
    told = error.get("context")
    context: Mapping[str, Any] = told if isinstance(told, dict) else {}
    names: list[str] = []
    for key in ("ids", "id", "objectWriteTraceId", "fromObjectId"):
        value = context.get(key) or []
        names += [str(v) for v in (value if isinstance(value, list) else [value])]
    return names


def read(
    api: HubSpotApi,
    path: str,
    inputs: Sequence[Json],
    *,
    id_of: Callable[[Json], str],
    kind: str = "read",
    **body: Any,
) -> list[Json]:
    """Results for all inputs that exist; one that is absent from them does not exist, or has no links.

    Inputs that HubSpot could not answer for are asked again by themselves. Raises CrmUnavailableError where some stay
    without an answer: nobody may take them for gone. `id_of` gives the id that a result answers for.
    """
    answered: list[Json] = []
    left, why = list(inputs), ""
    for pause in (0.0, *PAUSES):
        if pause:
            api.transport.sleep(pause)
        answer = api.post(path, {"inputs": left, **body}, kind=kind)
        again, why = _unanswered(left, answer, id_of)
        answered += [r for r in answer["results"] if id_of(r) not in again]
        left = [i for i in left if str(i["id"]) in again]
        if not left:
            return answered
    ids = [str(i["id"]) for i in left]
    more = f" and {len(ids) - _TOLD:,} more" if len(ids) > _TOLD else ""
    raise CrmUnavailableError(
        f"HubSpot answers {path} but for {', '.join(ids[:_TOLD])}{more}: {safe_text(why)}.",
        action="Run the command again later. If it stays so, open these records in HubSpot and tell its support.",
    )


def _unanswered(
    inputs: Sequence[Json], answer: Mapping[str, Any], id_of: Callable[[Json], str]
) -> tuple[set[str], str]:
    """Ids of inputs that an answer leaves open, and what HubSpot says of them."""
    given = answer.get("errors")
    errors = [e for e in given if isinstance(e, dict)] if isinstance(given, list) else []
    if answer.get("numErrors") and not errors:
        errors = [{"message": "errors that are not named"}]
    gone = {i for e in errors if e.get("category") == _GONE for i in named(e)}
    failed = [e for e in errors if e.get("category") != _GONE]
    open_: set[str] = set()
    for error in failed:
        # An error without a name is about one of those that are neither there nor gone.
        open_ |= set(named(error)) or (
            {str(i["id"]) for i in inputs} - {id_of(r) for r in answer["results"]} - gone
        )
    why = "; ".join(sorted({f"{e.get('category') or ''} {e.get('message') or ''}".strip() for e in failed}))
    return open_ & {str(i["id"]) for i in inputs}, why
