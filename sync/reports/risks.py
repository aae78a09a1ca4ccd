"""What may go wrong with an open deal or a company, in sentences, told from what was known as of the last run."""

import math
from collections.abc import Mapping
from datetime import date

from sales_consultant.config.language.dates import day
from sales_consultant.config.language.numbers import percent
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


_SAID: dict[str, dict[str, str]] = {
    "en": {
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
        "late_deal": 'deal "{name}" should have closed on {day}',
        "silent": "open deals and no activity since {day}, none planned",
        "never_active": "open deals and no activity ever, none planned",
        "one_person": "only one person is known: {name}",
        "bounces": "{name}: address bounces",
    },
    "zh": {
        "stale": "停滞：开放时间已超过 95 % 赢单所用时间的两倍",
        "close_date_passed": "预计成交日已过去 {number:.0f} 天",
        "slow_stage": "在当前阶段停留的时间是通常的 {number:.1f} 倍",
        "pushed_back": "预计成交日被推迟了 {number:.0f} 次",
        "moved_back": "曾退回到前一阶段",
        "amount_cut": "金额被减至一半或更少",
        "no_activity": "最近 30 天没有活动，也没有计划",
        "no_contact": "没有关联的联系人",
        "one_contact": "只有一位关联的联系人",
        "churn": "流失风险 {percent}",
        "late_deal": "交易“{name}”本应于{day}成交",
        "silent": "有开放的交易，但自{day}以来没有活动，也没有计划",
        "never_active": "有开放的交易，但从未有过活动，也没有计划",
        "one_person": "只认识一个人：{name}",
        "bounces": "{name}：邮件地址被退信",
    },
}


def say(risk: Risk, language: str = "en") -> str:
    """The sentence of a risk. KeyError for a language or a code that there is none for.

    >>> say(Risk("pushed_back", number=3.0)), say(Risk("late_deal", "Pump", day="2026-11-02"), "zh")
    ('its close date was pushed back 3 times', '交易“Pump”本应于2026年11月2日成交')
    """
    number = 0.0 if risk.number is None else risk.number
    return _SAID[language][risk.code].format(
        name=risk.name,
        number=number,
        percent=percent(number),
        day=day_in(risk.day, language) if risk.day else "",
    )


def day_in(iso_day: str, language: str) -> str:
    """A day (ISO) as people write it.

    >>> day_in("2026-11-02", "en"), day_in("2026-11-02", "zh")
    ('2 Nov 2026', '2026年11月2日')
    """
    when = date.fromisoformat(iso_day)
    return f"{when.year}年{when.month}月{when.day}日" if language == "zh" else day(when)
