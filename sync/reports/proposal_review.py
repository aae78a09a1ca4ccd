"""What became of an account proposal: what was done, and what happened since; never that the one came of the other."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sales_consultant.config.records import RecordRef
from sales_consultant.config.settings import Settings
from sales_consultant.engine import DuckEngine
from sales_consultant.engine.reads import company as reads
from sales_consultant.scoring import products as selling
from sales_consultant.sync.reports.account_proposal import FIELDS, Shown
from sales_consultant.sync.results import (
    AccountProposal,
    DealOutcome,
    ProductOutcome,
    ProposalReview,
    ProposedDeal,
    StepOutcome,
)

Answers = Mapping[tuple[str, str, str], str]
"""What reps answered to steps, by object, record id and step id."""


def review(
    engine: DuckEngine,
    settings: Settings,
    proposal: AccountProposal,
    shown: Shown,
    answers: Answers,
    *,
    as_of: int,
) -> ProposalReview:
    """The review as of the last reading (ms); `shown` are our fields on all records as the CRM holds them now."""
    mine = proposal.company_id
    bought = _bought(engine, settings, proposal, as_of)
    won = [d for d in reads.won_deals(engine, mine, as_of) if int(d["closed_at"]) > proposal.as_of]
    sums: dict[str, float] = defaultdict(float)
    for d in won:
        sums[str(d["currency"] or "")] += float(d["amount"] or 0)
    counts = Counter(str(d["currency"] or "") for d in won)
    activities = reads.activity(engine, mine, as_of, proposal.as_of + 1)
    now = shown.get(RecordRef("companies", mine), {})
    then = proposal.situation.shown
    today = _iso(as_of)
    return ProposalReview(
        proposal=proposal,
        as_of=as_of,
        steps=tuple(
            StepOutcome(s, _step(s.object, s.record_id, s.id, s.due, s.code, shown, answers, bought, today))
            for s in proposal.steps
        ),
        deals=_deals(engine, proposal),
        products=tuple(ProductOutcome(p.id, p.name, bought.get(p.id)) for p in proposal.products),
        purchases=tuple((c, counts[c], round(sums[c], 2)) for c in sorted(counts)),
        activities=tuple(
            (str(a["type"]), str(a["direction"]), int(a["last_90_days"]))
            for a in activities
            if a["last_90_days"]
        ),
        changed=tuple((k, then.get(k), now.get(k)) for k in FIELDS if then.get(k) != now.get(k)),
    )


def _iso(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d}"


def _bought(engine: DuckEngine, settings: Settings, proposal: AccountProposal, as_of: int) -> dict[str, str]:
    """The day on which each product was bought first since the proposal, by the product's id."""
    held = selling.bought(engine, as_of=as_of, exclusions=settings.exclude)
    rows = held.rows[(held.rows["customer"] == proposal.company_id) & ~held.rows["returned"]]
    rows = rows[rows["at"] > proposal.as_of]
    first = rows.groupby("product_id")["at"].min()
    return {str(p): _iso(int(at)) for p, at in first.items()}


def _step(
    object: str,
    record_id: str,
    step_id: str | None,
    due: str | None,
    code: str,
    shown: Shown,
    answers: Answers,
    bought: Mapping[str, str],
    today: str,
) -> str:
    if code == "offer":
        done = step_id in bought
        return "bought" if done else "overdue" if due and due < today else "open"
    if step_id and (answer := answers.get((object, record_id, step_id))):
        return answer
    if shown.get(RecordRef(object, record_id), {}).get("next_step_id") != step_id:
        return "gone"
    return "overdue" if due and due < today else "open"


def _deals(engine: DuckEngine, proposal: AccountProposal) -> tuple[DealOutcome, ...]:
    now = {str(d["id"]): d for d in reads.deals_now(engine, proposal.company_id)}
    return tuple(_deal(d, now.get(d.id)) for d in proposal.situation.deals)


def _deal(then: ProposedDeal, now: Mapping[str, Any] | None) -> DealOutcome:
    if now is None or now["is_closed"] is None:
        # Not there, moved to another company, or in a stage that the CRM does not know: none of these is "lost".
        return DealOutcome(then, "unknown", "", None)
    stage = str(now["stage"] or "")
    if now["is_closed"]:
        outcome = {True: "won", False: "lost"}.get(now["is_won"], "unknown")
        return DealOutcome(
            then, outcome, stage, None if now["closed_at"] is None else _iso(int(now["closed_at"]))
        )
    return DealOutcome(then, "same" if stage == then.stage else "moved", stage, None)
