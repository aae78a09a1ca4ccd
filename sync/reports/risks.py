"""What may go wrong with an open deal or a company, in sentences, told from what was known as of the last run."""

import math
from collections.abc import Mapping
from datetime import date

from sales_consultant.config.language.numbers import percent
from sales_consultant.config.language.translation import Language, shown_date, translate
from sales_consultant.sync.results import Risk

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
    return [say(r) for r in found(features, why_no_value)]


def found(features: Mapping[str, object], why_no_value: str, name: str = "") -> list[Risk]:
    """The same as facts that can be said in any language, of a deal called `name`."""

    def value(name: str) -> float:
        number = features.get(name)
        return float(number) if isinstance(number, int | float) else math.nan

    risks = [Risk("stale", name)] if why_no_value == "stale" else []
    if value("days_to_close_date") < 0:
        risks.append(Risk("close_date_passed", name, -value("days_to_close_date")))
    if value("stage_slowness") >= _SLOW:
        risks.append(Risk("slow_stage", name, value("stage_slowness")))
    if value("close_date_pushed") >= _PUSHED:
        risks.append(Risk("pushed_back", name, value("close_date_pushed")))
    if value("moved_back") >= 1:
        risks.append(Risk("moved_back", name))
    if value("amount_growth") <= _SMALL:
        risks.append(Risk("amount_cut", name))
    recent = [value(n) for n in _RECENT if n in features]
    planned = value("planned_meetings"), value("planned_tasks")
    if recent and all(v == 0 for v in recent) and all(v == 0 or math.isnan(v) for v in planned):
        risks.append(Risk("no_activity", name))
    if value("contacts") == 0:
        risks.append(Risk("no_contact", name))
    elif value("contacts") == 1:
        risks.append(Risk("one_contact", name))
    return risks


CONTEXT = "risk"
"""The context of these messages in a catalogue."""
SAID: Mapping[str, str] = {
    "stale": NO_VALUE["stale"],
    "close_date_passed": "its close date passed {number:.0f} days ago",
    "slow_stage": "in its stage {number:.1f} times as long as usual",
    "pushed_back": "its close date was pushed back {number:.0f} times",
    "moved_back": "it was moved back a stage",
    "amount_cut": "its amount was cut to half or less",
    "no_activity": "no activity in the last 30 days, none planned",
    "no_contact": "no contact is on it",
    "one_contact": "only one contact is on it",
    "churn": "churn risk {percent}",
    "lifecycle_at_risk": "they are at risk of leaving, by when and how often they bought",
    "lifecycle_lost": "they have stopped buying",
    "wrote_complaint": "they complained on {day}",
    "wrote_churn_threat": "they spoke of leaving on {day}",
    "wrote_competitor": "they named a competitor on {day}",
    "wrote_objection_price": "they found the price too high on {day}",
    "late_deal": 'deal "{name}" should have closed on {day}',
    "silent": "open deals and no activity since {day}, none planned",
    "never_active": "open deals and no activity ever, none planned",
    "one_person": "only one person is known: {name}",
    "bounces": "{name}: address bounces",
}


def say(risk: Risk, language: Language = "en") -> str:
    """The sentence of a risk. KeyError for a code that there is none for.

    >>> say(Risk("pushed_back", number=3.0)), say(Risk("late_deal", "Pump", day="2026-11-02"), "zh")
    ('its close date was pushed back 3 times', '交易“Pump”本应于2026年11月2日成交')
    """
    number = 0.0 if risk.number is None else risk.number
    return translate(SAID[risk.code], language, CONTEXT).format(
        name=risk.name,
        number=number,
        percent=percent(number),
        day=day_in(risk.day, language) if risk.day else "",
    )


def day_in(iso_day: str, language: Language) -> str:
    """A day (ISO) as people write it.

    >>> day_in("2026-11-02", "en"), day_in("2026-11-02", "zh")
    ('2 Nov 2026', '2026年11月2日')
    """
    return shown_date(date.fromisoformat(iso_day), language)
