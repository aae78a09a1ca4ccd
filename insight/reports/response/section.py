"""The section "response" as a whole: findings, why it is not told, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from sales_consultant.insight.reports.document import Figure, Section
from sales_consultant.insight.reports.response import figures
from sales_consultant.insight.reports.words import Words
from sales_consultant.insight.response import LEAST_MONTHS, Response, WhatIf

MORE = 0.2
_CAMPAIGNS = 20
MESSAGES = {
    "too_few_months": "What marketing goes along with is told from {least} months on with spend, leads and booked revenue; "
    "{months} can be used. It comes by itself as months pass.",
    "no_channel": "What marketing goes along with is not told: no spend is known that changes from month to month. Give the "
    "CRM's campaigns dates and costs, or a file with [reports] spend.",
    "too_many_channels": "What marketing goes along with is not told: {months} months are too few for these channels. Put "
    "channels together in the file of [reports] spend.",
}
Quality = Literal["grade", "company", ""]


@dataclass(frozen=True)
class Series:
    """What the model was fitted on: a row a month with month, revenue and spend by channel (hundredths), leads, quality.

    quality
        What stands for the quality of leads: "grade" (the share of A and B of those shown a grade), "company" (the share with
        a company), "" (nothing that varies).
    notes
        Counts of what could not be used, by code of `insight.response`.
    """

    months: pd.DataFrame
    channels: tuple[str, ...]
    quality: Quality
    dropped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class CampaignRows:
    """Returns of campaigns as `campaign_returns` gives them (hundredths), with what people call each campaign."""

    rows: pd.DataFrame
    names: Mapping[str, str]


def section(
    series: Series,
    found: Response,
    wanted: Mapping[str, WhatIf],
    campaigns: CampaignRows | None,
    words: Words,
) -> Section:
    """The section "response".

    `wanted`: what-if by channel, "" for all, each with MORE more spend than in the last 12 months.
    """
    title = words("What marketing and leads go along with")
    findings: list[str] = []
    made: list[Figure] = []
    unknown: list[str] = []
    why = ""
    if found.reason:
        why = words(MESSAGES[found.reason], least=LEAST_MONTHS, months=found.months)
    else:
        findings += _findings(found, wanted, words)
        made += [
            figures.marginal(found, words),
            figures.what_if(found, wanted, MORE, words),
            figures.contribution(found, words),
            figures.terms(found, series.quality, words),
            figures.months(series.months, series.channels, words),
        ]
        unknown += _unknown(series, found, words)
    if campaigns is not None and len(campaigns.rows):
        finding = _best(campaigns, words)
        findings += [finding] if finding else []
        made.append(figures.campaigns(campaigns.rows, campaigns.names, _CAMPAIGNS, words))
    if not made:
        return Section("response", title, hidden=why)
    return Section(
        "response", title, tuple(findings), tuple(made), unknown=(*([why] if why else []), *unknown)
    )


def _findings(found: Response, wanted: Mapping[str, WhatIf], words: Words) -> list[str]:
    rows: list[dict[Any, Any]] = found.channels.sort_values("marginal", ascending=False).to_dict("records")
    one = words.money(100)
    out = []
    for r in rows:
        if r["marginal_low"] > 0 or r["marginal_high"] < 0:
            told = {k: words.money(r[c] * 100) for k, c in
                    (("value", "marginal"), ("low", "marginal_low"), ("high", "marginal_high"))}  # fmt: skip
            out.append(
                words(
                    "{one} more a month on {channel} goes along with {value} of booked revenue ({low} to {high}).",
                    one=one,
                    channel=r["channel"],
                    **told,
                )
            )
    if not out:
        out.append(words("For no channel does more spend go along with more revenue beyond chance."))
    total = wanted.get("")
    if total is not None:
        told = {
            k: words.money(v)
            for k, v in (
                ("change", total.change), ("low", total.change_low), ("high", total.change_high),
                ("extra", float(found.channels["spend"].sum()) * MORE),
            )
        }  # fmt: skip
        out.append(
            words(
                "With {more} more on every channel ({extra} a month) booked revenue a month would differ by {change} ({low} to "
                "{high}), if what was seen so far holds.",
                more=words.share(MORE),
                **told,
            )
        )
    return out[:4]


def _best(campaigns: CampaignRows, words: Words) -> str:
    told = campaigns.rows[campaigns.rows["reason"] == ""]
    if not len(told):
        return ""
    best: dict[Any, Any] = told.sort_values("return", ascending=False).iloc[0].to_dict()
    shares = {k: words.share(best[c]) for k, c in
              (("value", "return"), ("low", "return_low"), ("high", "return_high"))}  # fmt: skip
    return words(
        "Of campaigns with a cost {campaign} returned most: {value} of its cost beyond it ({low} to {high}).",
        campaign=campaigns.names.get(best["campaign"], best["campaign"]),
        **shares,
    )


def _unknown(series: Series, found: Response, words: Words) -> list[str]:
    out = []
    if found.left_out:
        out.append(
            words(
                "Spend that is the same every month tells nothing: {channels} is left out.",
                channels=", ".join(found.left_out),
            )
        )
    if not series.quality:
        out.append(
            words("The quality of leads is not in the model: too few showed a grade over these months.")
        )
    lost = sum(series.dropped.get(c, 0) for c in ("no_start", "no_cost", "negative"))
    if lost:
        out.append(
            words("{campaigns} campaigns have no cost or no date: their spend is not in it.", campaigns=lost)
        )
    return out
