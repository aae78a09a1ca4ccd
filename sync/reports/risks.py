"""What may go wrong with an open deal, in sentences, told from its features as of the last run."""

import math
from collections.abc import Mapping

NO_VALUE = {
    "no probability": "its model is a set of rules, which promise no probability",
    "no amount": "it has no amount",
    "stale": "stale: open for longer than twice what 95 % of the won deals took",
}
"""Why a deal has no expected value, by the reason of `scoring.value.deal_values`."""
_RECENT = ("meetings_30d", "replies_30d", "inbound_calls_30d", "web_30d", "calls_30d", "emails_sent_30d")
# Judgements: twice as long as usual, pushed back twice, cut to half; the first two as in the plain rules of
# `scoring.propensity`.
_SLOW, _PUSHED, _SMALL = 2.0, 2, 0.5


def of_deal(features: Mapping[str, object], why_no_value: str) -> list[str]:
    """Sentences; empty where nothing is to be feared. A feature that is a gap, or not there, says nothing."""

    def value(name: str) -> float:
        number = features.get(name)
        return float(number) if isinstance(number, int | float) else math.nan

    sentences = [NO_VALUE["stale"]] if why_no_value == "stale" else []
    if value("days_to_close_date") < 0:
        sentences.append(f"its close date passed {-value('days_to_close_date'):.0f} days ago")
    if value("stage_slowness") >= _SLOW:
        sentences.append(f"in its stage {value('stage_slowness'):.1f} times as long as usual")
    if value("close_date_pushed") >= _PUSHED:
        sentences.append(f"its close date was pushed back {value('close_date_pushed'):.0f} times")
    if value("moved_back") >= 1:
        sentences.append("it was moved back a stage")
    if value("amount_growth") <= _SMALL:
        sentences.append("its amount was cut to half or less")
    recent = [value(n) for n in _RECENT if n in features]
    planned = value("planned_meetings"), value("planned_tasks")
    if recent and all(v == 0 for v in recent) and all(v == 0 or math.isnan(v) for v in planned):
        sentences.append("no activity in the last 30 days, none planned")
    if value("contacts") == 0:
        sentences.append("no contact is on it")
    elif value("contacts") == 1:
        sentences.append("only one contact is on it")
    return sentences
