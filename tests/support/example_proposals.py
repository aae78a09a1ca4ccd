"""Account proposals made by hand, the longest that there may be; names hold what a terminal or a page would act on."""

from support.example_runs import DAY, NASTY, NOW

from sales_consultant.sync.results import proposals as results

PRICES = (
    results.ProposedPrice(
        100.0, "EUR", "large", "needs_attention", 12, (-0.05, 0.1, 0.25), (75.0, 90.0, 105.0)
    ),
    results.ProposedPrice(20.0, "EUR", "", "", 3, None, None),
    results.ProposedPrice(None, "EUR", "", "", 0, None, None),
)
MARKUP = "<script>alert(1)</script> | *Pump*"
LONG = "A product whose name is as long as a line of a page may hold, and then somewhat."
PRODUCTS = (
    results.ProposedProduct("hose", f"Hose {NASTY}", 31, 54, 91, MARKUP, PRICES[0]),
    results.ProposedProduct("oil", LONG[:60], 9, 40, None, "Pump", PRICES[1]),
    results.ProposedProduct("tape", "Tape", 1200, 4000, None, None, PRICES[2]),
)
DEALS = tuple(
    results.ProposedDeal(
        str(n), f"Deal {n} of {LONG}"[:60], "Negotiation", 12_345.5, "EUR", "2026-12-01", "B"
    )
    for n in range(5)
)
RISKS = (
    results.Risk("churn", number=0.64),
    results.Risk("late_deal", f"Deal 0 {NASTY}", day="2026-10-01"),
    results.Risk("silent", day="2026-09-01"),
    results.Risk("one_person", "Ana Fischer"),
    results.Risk("slow_stage", "Deal 1", 3.2),
    results.Risk("pushed_back", "Deal 2", 4.0),
)
STEPS = (
    *(
        results.ProposedStep(
            "deals",
            str(n),
            f"Deal {n}",
            "shown",
            f"Call them about {LONG} {LONG}"[:120],
            "2026-12-03",
            f"{LONG} {LONG}"[:120],
            f"call-{n}",
        )
        for n in range(5)
    ),
    results.ProposedStep("companies", "7", "", "offer", f"Hose {NASTY}", "2026-12-14", "", "hose"),
)
SITUATION = results.Situation(
    {
        "lifecycle": "at_risk", "segment": "needs_attention", "customer_tier": "2", "value_12m": "12345.60",
        "churn_risk": "64", "recommended_product": "Hose",
    },
    (("2026", 3, 12_000.0, "EUR"), ("2025", 1, 900.5, "USD"), ("2024", 2, 10.0, "")),
    "2026-08-30",
    tuple(f"{n} {LONG}"[:40] for n in range(6)),
    tuple((f"Person {n} {NASTY}", "Head of everything that is bought here", "2026-11-02" if n else None) for n in range(4)),
    "2026-11-02",
    DEALS,
)  # fmt: skip
FULL = results.AccountProposal(
    "0123456789ab", "7", f"Coppergate {NASTY}", "Rep One <rep@seller.example>", NOW - DAY, NOW + 89 * DAY, "en", "EUR",
    (("keep", ""), ("win", f"Deal 0 {NASTY}"), ("sell", "Hose")),
    SITUATION, PRODUCTS, "", STEPS, RISKS, ("companies/7", "contacts/3", "deals/0"), ("/data/proposal-0123456789ab.html",),
)  # fmt: skip
BARE = results.AccountProposal(
    "ba9876543210", "8", "Nobody's Company", None, NOW - 100 * DAY, NOW - 10 * DAY, "en", "EUR", (("first_deal", ""),),
    results.Situation({}, (), None, (), (), None, ()), (), "no_purchase", (), (), ("companies/8",),
)  # fmt: skip
REVIEW = results.ProposalReview(
    FULL,
    NOW,
    tuple(
        results.StepOutcome(s, o)
        for s, o in zip(STEPS, ("done", "not_useful", "gone", "overdue", "open", "bought"), strict=True)
    ),
    tuple(
        results.DealOutcome(d, o, "Offer", "2026-11-25" if o in ("won", "lost") else None)
        for d, o in zip(DEALS, ("won", "lost", "moved", "same", "unknown"), strict=True)
    ),
    (results.ProductOutcome("hose", "Hose", "2026-11-26"), results.ProductOutcome("oil", "Oil", None)),
    (("EUR", 2, 5_000.0),),
    (("call", "outbound", 3), ("email", "inbound", 1)),
    (("lifecycle", "at_risk", "active"), ("churn_risk", "64", None), ("value_12m", "12345.60", "20000.00")),
)
REVIEWS = results.ProposalReviews(
    (REVIEW, results.ProposalReview(BARE, NOW, (), (), (), (), (), ())), 2, NOW + 9 * DAY
)
NONE_DUE = results.ProposalReviews((), 2, NOW + 9 * DAY)
LIST = results.ProposalList(
    tuple(results.ProposalRow(p.id, p.company_id, p.company, p.as_of, p.review_at) for p in (FULL, BARE))
)
NOTHING_KEPT = results.ProposalList()
