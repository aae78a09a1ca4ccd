"""What is usual for a deal's pipeline, company and products as of each cut-off, and what else the company has open."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sales_consultant.engine import Block, Engine, alive, neutral, per_cut
from sales_consultant.scoring.features.deal_path import edge, histories, won_deals


def _lines(engine: Engine) -> Any:
    """Line items whose time is known: of_deal, product_id, line_amount, since.

    One without a time, the CRM's or ours, says nothing about the past.
    """
    t = alive(neutral(engine, "line_items"))
    t = t.mutate(since=t.known_at.fill_null(t.first_seen), line_amount=t.amount.cast("float64"))
    t = t.filter(t.since.notnull() & t.product_id.notnull() & (t.line_amount > 0))
    return t.select("product_id", "line_amount", "since", of_deal=t.deal_id)


def amount_against_usual(engine: Engine, members: pd.DataFrame) -> pd.DataFrame:
    """Each deal's amount at its cut-off over what was usual then: of its pipeline, its company and its products.

    Usual is the median amount of the deals won by the cut-off, in the deal's currency, with the amounts of their history;
    of products, the deal's line items over the sum of the median line items that they had in deals won. A gap where
    nothing of the kind was won yet.
    """
    return per_cut(engine, lambda: _amount_against_usual(engine), members, name="amount_habits")


def _amount_against_usual(engine: Engine) -> Block:
    import ibis

    rows, won, lines = histories(engine), won_deals(engine), _lines(engine)
    money = neutral(engine, "deals")
    money = money.select(money_deal=money.id, currency=money.currency.fill_null(""))

    def block(at: Any, cut: Any) -> Any:
        last = edge(rows, "amount", cut, last=True)
        past = won.filter(won.closed_at <= cut)
        paid = past.inner_join(last, past.won_deal == last.amount_deal)
        paid = paid.filter(paid.amount > 0)
        joined = at.inner_join(money, at.record_id == money.money_deal)
        joined = joined.left_join(last, joined.record_id == last.amount_deal)
        for key in ("pipeline", "company_id"):
            usual = paid.group_by([paid[key], paid.currency]).aggregate(usual=paid.amount.median())
            usual = usual.select(
                **{f"{key}_of": usual[key], f"{key}_in": usual.currency, f"{key}_usual": usual.usual}
            )
            joined = joined.left_join(
                usual, (joined[key] == usual[f"{key}_of"]) & (joined.currency == usual[f"{key}_in"])
            )
        known = lines.filter(lines.since <= cut)
        sold = known.inner_join(past.select("won_deal", "currency"), known.of_deal == past.won_deal)
        usual = sold.group_by([sold.product_id, sold.currency]).aggregate(usual=sold.line_amount.median())
        usual = usual.select(usual_product=usual.product_id, usual_in=usual.currency, usual=usual.usual)
        own = known.inner_join(money, known.of_deal == money.money_deal)
        own = own.inner_join(
            usual, (own.product_id == usual.usual_product) & (own.currency == usual.usual_in)
        )
        own = own.group_by(own.of_deal).aggregate(asked=own.line_amount.sum(), fair=own.usual.sum())
        own = own.select("asked", "fair", line_deal=own.of_deal)
        joined = joined.left_join(own, joined.record_id == own.line_deal)

        def over(usual: Any, amount: Any) -> Any:
            return ibis.cases((usual > 0, amount / usual))

        return joined.select(
            record_id=joined.record_id,
            cut=joined.cut,
            amount_vs_pipeline=over(joined.pipeline_usual, joined.amount),
            amount_vs_company=over(joined.company_id_usual, joined.amount),
            amount_vs_products=over(joined.fair, joined.asked),
        )

    return block


def company_open(engine: Engine, members: pd.DataFrame) -> pd.DataFrame:
    """The deals that the member's company had open at the cut-off, the member itself not counted."""
    return per_cut(engine, lambda: _company_open(engine), members, name="company_open")


def _company_open(engine: Engine) -> Block:
    t = alive(neutral(engine, "deals"))
    t = t.filter(t.is_closed.notnull()).mutate(closed=t.is_closed)
    # Of a closed deal without a date nobody knows until when it was open.
    t = t.filter(t.company_id.notnull() & (~t.closed | t.closed_at.notnull()))
    t = t.select("closed", of_company=t.company_id, deal=t.id, opened=t.created_at, over=t.closed_at)

    def block(at: Any, cut: Any) -> Any:
        here = t.filter((t.opened <= cut) & (~t.closed | (t.over > cut)))
        joined = at.inner_join(here, at.company_id == here.of_company)
        joined = joined.filter(joined.deal != joined.record_id)
        counted = joined.group_by(joined.record_id).aggregate(company_open=joined.count())
        counted = counted.select("company_open", open_of=counted.record_id)
        found = at.left_join(counted, at.record_id == counted.open_of)
        return found.select(
            record_id=found.record_id, cut=found.cut, company_open=found.company_open.fill_null(0)
        )

    return block
