"""Names of fields that the outcome sets: whole names as CRMs give them; a word within a name is a doubt only."""

from __future__ import annotations

import re

_WON = r"(closed?)?(won|lost|win|loss)((or)?(won|lost|win|loss))?"
_WHEN = r"(at|on|by|date|time|timestamp|day|month|quarter)"
_KNOWN = (
    (
        (
            rf"(is|has)?(deal|opportunity|opp|primary|main)?{_WON}(flag|count|{_WHEN})?"
            rf"|(deal|opportunity|opp|primary|main)?{_WON}(reason|competitor)s?(detail|note|comment|category|code|text|other)?s?"
            rf"|reason(for)?(being)?{_WON}|(deal|final|opportunity)?outcome"
        ),
        "names the outcome",
    ),
    (r"(manual)?forecast(category|categoryname|amount|probability|status|type)?", "the rep's own forecast"),
    (
        (
            r"(deal|stage|dealstage|win|close|closing|opportunity|conversion)?(probability|likelihood)"
            r"|(win|close|closing|deal)confidence|(probability|likelihood)to(close|buy|convert|win)"
        ),
        "somebody's own estimate of the outcome",
    ),
    (
        (
            rf"(is|has)?(closed|converted)|(actual|deal)?closed?{_WHEN}|(converted|conversion){_WHEN}|daystoclose"
            r"|converted(contact|account|opportunity|deal|company)(id)?"
        ),
        "is set at the outcome",
    ),
    (
        (
            rf"(contract)?signed{_WHEN}?|contract(signed|closed){_WHEN}?|(purchaseorder|po)(number|no|id|{_WHEN})"
            r"|signature(date|time)"
        ),
        "is filled when the deal is done",
    ),
    (
        (
            r"(hs|hubspot)?(lead|deal|opportunity|contact|account|company|predictive|propensity|conversion|win|fit)score"
            r"|hubspotscore|(hs)?predictive(contact|deal|lead)?(scoring(tier)?|score(v2)?)|(lead)?propensity|einstein.*"
            r"|predicted(outcome|win|won|close|conversion|probability|amount)"
        ),
        "another scorer's answer",
    ),
    (
        (
            rf"(last|recent)modified{_WHEN}?(id)?|(modified|updated|lastupdated?){_WHEN}|date(last)?(modified|updated)"
            r"|lastmodifieddate|systemmodstamp"
        ),
        "moves whenever the record does",
    ),
    (
        r"(total|num|number|numberof|count|countof|sum).+(all|ever|lifetime|alltime|todate)",
        "counts over all time, after the cut-off too",
    ),
    (r"(is|has)?(mql|sql|sal)|(current|latest|final)(stage|status|state)", "is as of today"),
)
_DOUBTED = re.compile(
    r"won|lost|outcome|win|loss|reason|forecast|probab|likelihood|confidence|close|conver|contract|invoice|order|signed"
    r"|score|predict|propensity|modified|updated|lifetime|opportunity|status|stage|result"
)
_STATE = re.compile(r"(hs)?(lifecyclestage|(lead)?status)")


def _squashed(name: str) -> str:
    """The field's own name without its object, the custom fields' marks, blanks, underscores and case."""
    own = name.partition(".")[2].partition(".")[0] or name
    plain = re.sub(r"^c_|__c$", "", own.strip().lower())
    return re.sub(r"[^a-z0-9]", "", re.sub(r"^hs_", "", plain))


def known_leaker(name: str, *, has_history: bool) -> str:
    """Why a column of this name is not to be trusted, "" where nothing is known against it.

    With its history, a lifecycle stage or a lead's status is known as of the cut-off and may be used.

    >>> known_leaker("Closed Lost Reason", has_history=True), known_leaker("IsWon", has_history=False)
    ('names the outcome', 'names the outcome')
    >>> known_leaker("contract", has_history=False), known_leaker("poutcome", has_history=False)
    ('', '')
    """
    plain = _squashed(name)
    if _STATE.fullmatch(plain):
        return "" if has_history else "winning sets it, and its history is not known"
    return next((why for pattern, why in _KNOWN if re.fullmatch(pattern, plain)), "")


def doubted(name: str) -> bool:
    """Whether a word of the name speaks of an outcome: evidence in the values then need not be as strong.

    >>> doubted("contract"), doubted("previous outcome"), doubted("industry")
    (True, True, False)
    """
    return bool(_DOUBTED.search(_squashed(name)))
