"""Results about records, models and the CRM made by hand; names hold what a terminal would act on."""

from support.example_runs import DAY, DIGEST, HOUR, NASTY, NOW, RUN

from sales_consultant.connectors.base import Finding, ProvisionStep, Use
from sales_consultant.sync.results import admin, cards, evaluation, explanation, models, runs, training

REASONS = (
    explanation.ReasonLine("stages passed: 4", 5, "stages_passed"),
    explanation.ReasonLine("stage: Negotiation", 4, "stage"),
    explanation.ReasonLine("4 calls to them in the last 3 months", -2, "calls"),
)


DEAL = explanation.Explanation(
    "deals",
    "10000002920",
    NOW - HOUR,
    {
        "score": "57", "grade": "C", "probability": "0.8258", "expected_value": "63247.08", "trend": "steady",
        "next_step": "Call Ana Fischer", "next_step_due": "2026-12-01", "next_step_reason": "no call for 26 days",
    },
    explanation.Scored(
        "deals_new_business", 57, "C", 0.8258, REASONS, (),
        (explanation.FeatureValue("calls", "seller", "4 calls", "calls_90d", 4.0),
         explanation.FeatureValue("replies", "buyer", "", "replies_days_since", None)),
        risks=("its close date passed 103 days ago", f"{NASTY} is the only contact"),
    ),
    explanation.RecordRow.of({"id": "10000002920", "name": "Beacon Transport", "amount": "76589.00", "currency": "USD", "stage": "negotiation",
     "close_date": "2026-08-31T00:00:00Z"}),
    None,
    None,
    (explanation.Shown("score", "41", NOW - 9 * DAY, NOW - DAY), explanation.Shown("score", "57", NOW - DAY, None)),
    "USD",
)  # fmt: skip
CONTACT = explanation.Explanation(
    "contacts", "3", NOW, {"segment": "dormant"}, None,
    explanation.RecordRow.of({"id": "3", "first_name": "Thomas", "last_name": NASTY, "email": "t@sorvik.example"}), None,
    "a deal was opened with it on 3 Nov 2026, and only what is open is scored",
)  # fmt: skip
COMPANY = explanation.Explanation(
    "companies",
    "10000000953",
    NOW,
    {"value_12m": "106658.12", "churn_risk": "10", "segment": "needs_attention", "customer_tier": "3"},
    None,
    explanation.RecordRow.of(
        {"id": "10000000953", "name": NASTY, "industry": "Logistics", "domain": "orchard.example"}
    ),
    explanation.CompanyProfile(
        owner="Layla Park <layla@seller.example>",
        purchases=(explanation.Purchases("2026", 3, 129267.0, "USD"),),
        last_purchases=(explanation.Purchase("2026-09-20", "Pallets", "58,093.00 USD", "newbusiness"),),
        habit="bought on 3 days, usually 80 days apart; the last 82 days ago",
        products=(explanation.Product("Pallet", 2, 12),),
        people=(
            explanation.Person("1", "Katarína Jónsson", "AP Lead", 1, 2, "57", "C", "2026-09-20", ""),
            explanation.Person("2", NASTY, None, 0, 0, None, None, None, "address bounces"),
        ),
        open_deals=(
            explanation.OpenDeal(
                "9", "More pallets", "Negotiation", "36,356.00 USD", "2026-12-24", 40, "57", "C"
            ),
        ),
        activity=(explanation.ActivityCount("call", "outbound", 1, 2, "2026-09-20"),),
        risks=("churn risk 71 of 100",),
    ),
    "no population of companies is configured",
    currency="USD",
)

BETTER = {
    "verdict": training.BETTER, "n": 475, "positives": 378, "base_rate": 0.7958, "auc": 0.659, "auc_low": 0.599,
    "auc_high": 0.716, "log_loss": 0.4807, "base_log_loss": 0.5095, "unseen": {"n": 313, "auc": 0.681},
    "moments": {"at creation": {"n": 89, "auc": 0.56}, "two thirds": None}, "warnings": ["grade B is not given"],
    "grades": [
        {"grade": "A", "rows": 117, "rate": 0.906, "low": 0.87, "high": 0.94, "promised": 0.9},
        {"grade": "C", "rows": 358, "rate": 0.76, "low": 0.71, "high": 0.81, "promised": 0.8},
    ],
    "leaks": [{"column": "deals.lost_reason", "kind": "after_outcome", "evidence": "filled after the outcome"}],
    "suspects": [
        {
            "column": "deals.c_calls_total", "kind": "known_late", "verdict": "suspect", "used": True,
            "evidence": "its name says: a number or length of what was done; its values go with the outcome",
            "question": "Is deals.c_calls_total known before the record ends?", "auc_with": 0.7858, "auc_without": 0.7595,
        }
    ],
    "why": "better than the base rate on 475 later rows",
}  # fmt: skip
FEW = {"verdict": training.TOO_LITTLE, "n": 12, "why": "12 rows are too few for a test"}
TESTS = training.ForwardTests(
    (
        training.ForwardTest("deals_new_business", DIGEST[:12], NOW - DAY, True, 0.31, BETTER),
        training.ForwardTest("contacts", "1cd4e97da5a0", NOW - DAY, False, None, FEW),
    )
)
NO_TESTS = training.ForwardTests(())
OLD = training.Figures.of(BETTER, "a" * 64)
RETRAINED = (
    training.Retrained(
        "deals_new_business", "propensity", DIGEST, True, True, False, "", training.Figures.of(BETTER, DIGEST), OLD,
        {"grades": {"A to A": 90, "B to A": 10}, "changed": 0.1}, (training.MovedRecord("deals/10000002921", NASTY, "57 to 66", "B to A"),),
    ),
    training.Retrained(
        "contacts", "propensity", "c" * 64, False, False, False, "too few", training.Figures.of(FEW, "c" * 64), None
    ),
    training.Retrained("segments", "segments", "d" * 64, True, True, False, "", training.Figures("d" * 12), None),
)  # fmt: skip
TRAINED = training.TrainingDone(runs.RunDone(RUN, "train", {"api_calls": 41}), False, RETRAINED, TESTS.tests)
DRY_TRAINED = training.TrainingDone(
    runs.RunDone(RUN, "train", {"api_calls": 41}), True, RETRAINED, TESTS.tests
)
READY = evaluation.Readiness(
    (
        evaluation.PopulationReady(
            "deals_new_business", 462, 1011, 324, 2541, 6, 124, 337, 80, 22, 0.9, 0.98, "10 of 10", {}, {"entered twice": 3},
            "full", ("676 more records of the rarer outcome before boosting is tried",), 1347, 574, 1996, "",
        ),
    )
)  # fmt: skip
GIVEN = evaluation.AsGiven(
    (evaluation.GivenBand("deals", "30 days ago", "81 to 99", 40, 12, 0.3, 0.62, 90),
     evaluation.GivenBand("deals", "30 days ago", "1 to 20", 90, 1, 0.0111, None, 90))
)  # fmt: skip
COMPARED = evaluation.Comparison(
    (
        evaluation.ComparedModel("deals", "base rate", False, 0.5, 0.5095, 0.16, 0.0, 1.0, 475, 0.0),
        evaluation.ComparedModel("deals", "ours, full", True, 0.659, 0.4807, 0.155, 0.03, 1.13, 475, 2.1),
    )
)
CLUSTERED = evaluation.Clusters(
    "k-means", "stable",
    (evaluation.ClusterProfile(0, 120, "few purchases, long ago", 1.0, 12500.0, 12500.0, 301.0, 340.0),
     evaluation.ClusterProfile(1, 529, "many purchases, recent", 4.0, 90250.0, 22000.0, 40.0, 330.0)),
    (evaluation.ClusterCandidate("k-means", 2, 0.41, 0.97, 0.0), evaluation.ClusterCandidate("k-means", 3, 0.33, 0.61, 0.0),
     evaluation.ClusterCandidate("density", 2, 0.47, 0.9, 0.08)),
    currency="USD",
)  # fmt: skip
TOO_FEW = evaluation.Clusters(customers=7)
PLOTTED = evaluation.Plots(
    (evaluation.CalibrationBand("deals", "48", "91.0 %", "89.6 %", "#### |"),),
    ("plots/deals-roc.png", "plots/segments.png"),
)

MODELS = models.ModelList(
    (
        models.ModelRow(
            "deals", "44df3b8e19ea", training.BETTER, NOW - DAY, "candidate", "comes into force by hand"
        ),
        models.ModelRow(
            "contacts", "1cd4e97da5a0", training.NO_BETTER, NOW - DAY, "kept out", "no score is written"
        ),
        models.ModelRow("deals", DIGEST[:12], training.BETTER, NOW - 26 * DAY, "in force", ""),
        models.ModelRow("segments", "f1f7ad361a0a", "", NOW - 26 * DAY, "in force", ""),
        models.ModelRow("deals", "44df3b9999ea", training.BETTER, NOW - 90 * DAY, "was in force", ""),
    )
)
WEIGHTS = [
    {"reason": f"feature {n}", "feature": f"f{n}", "points": 1.0, "low": -n / 2, "high": float(n)} for n in range(10)
] + [{"reason": "stage", "feature": "stage", "points": 3.2, "low": -8.4, "high": 9.1}]  # fmt: skip
CARD = models.ModelCard(
    "deals_new_business", "propensity", DIGEST, training.BETTER, NOW - DAY, True,
    cards.card_of("propensity", {
        **BETTER, "event": "deal won", "horizon_days": 124, "tier": "full", "learnt_at": [NOW - 260 * DAY, NOW - 90 * DAY],
        "rows": 2541, "records_with_event": 1011, "records_without_event": 324, "features": ["meetings", "deals.type"],
        "protected": [], "excluded": {"own_domain": 4}, "false_labels": {"entered twice": 3, "open, and stale": 0},
        "cleaning": {"gaps": {"columns": 15, "values": 17408}}, "activity_coverage": {"rows_low": 7, "notes": []},
        "dropped": [{"column": "deals.lost_reason", "kind": "current", "evidence": "only today's value is known"}],
        "as_of_today": [{"column": "companies.industry", "evidence": "open records are like past ones of the same age"}],
        "borrowed": {"from": "deals", "offset": 0.25, "offset_error": 0.1, "own_records": 31, "verdict_of": "deals"},
        "notes": ["status has no history"], "effects": WEIGHTS, "would_publish": True,
    }),
)  # fmt: skip
OLD_CARD = models.ModelCard(
    "contacts", "propensity", "1cd4e97da5a0" + "0" * 52, training.NO_BETTER, NOW - DAY, False,
    cards.card_of("propensity", {
        **BETTER, "verdict": training.NO_BETTER, "why": "no better than the base rate on 475 later rows: no score is written",
        "protected": ["contacts.c_gender"], "effects": [{"reason": "meetings", "points": 2.25}, {"reason": "calls", "points": 4}],
    }),
)  # fmt: skip
VALUE = models.ModelCard(
    "value", "value", "b" * 64, "", NOW - DAY, True,
    cards.card_of("value", {
        "bought": "fda63c818988efdc", "contractual": 1, "customers": 649, "purchases": 1344, "repeat_buyers": 374,
        "log_likelihood": {"purchases": -2827.1, "spend": -7540.4}, "renewals": {"decided_terms": 4}, "currency": "USD",
        "excluded": {"own_domain": 2}, "counted_out": {}, "valued": True, "warnings": [], "would_publish": True,
    }),
)  # fmt: skip
AMOUNT = models.ModelCard(
    "amount", "amount", "c" * 64, "", NOW - DAY, False,
    cards.card_of("amount", {
        "kind": "boosted", "deals": 2383, "placeholders": 3, "tested_on": 715, "currency": "USD", "would_publish": True,
        "candidates": [{"kind": "median", "mae": 25683.15}, {"kind": "linear", "mae": 19576.2}, {"kind": "boosted", "mae": 18986.1}],
    }),
)  # fmt: skip
SEGMENTS = models.ModelCard(
    "segments", "segments", "f" * 64, "", NOW - DAY, True,
    cards.card_of("segments", {
        "customers": 649, "ranked": True, "currency": "USD", "would_publish": True,
        "edges": {"days": [24.0, 61.0, 119.0, 203.0], "purchases": [1.0, 2.0, 4.0, 9.0],
                  "money": [30120.4, 55000.0, 81000.0, 140500.0], "tiers": [20500.0, 61000.0]},
    }),
)  # fmt: skip
CLUSTERS = models.ModelCard(
    "clusters", "clusters", "9" * 64, "stable", NOW - DAY, True,
    cards.card_of("clusters", {
        "method": "k-means", "verdict": "stable", "customers": 649, "clusters": ["0: few purchases, long ago", f"1: {NASTY}"],
    }),
)  # fmt: skip
PRODUCTS = models.ModelCard(
    "products", "products", "8" * 64, "better than popularity", NOW - DAY, True,
    cards.card_of("products", {
        "method": "item similarity", "customers": 649, "products": 1204, "customers_tested": 311, "horizon_days": 182,
        "recall_at_5": 0.0711, "popularity_recall_at_5": 0.0312, "recall_at_10": 0.1123, "popularity_recall_at_10": 0.0498,
        "counted_out": {"line without a product": 12}, "products_without_a_name": 1,
        "said": "similarity beats popularity: recall at 10 of similarity 0.112, of popularity 0.050, over 311 customers who "
                "bought something new in the last 182 days",
    }),
)  # fmt: skip
SWITCHED = models.ModelSwitch("deals", DIGEST, "a" * 64)
EXPORTED = models.ModelExport("/data/deals.json", "deals", DIGEST)
IMPORTED = models.ModelImport("deals", DIGEST, False)
CARD_PAGE = models.CardPage("/data/card.html", ("/data/card.html", "/data/deals-roc.png"))

INITIALISED = admin.Initialised(
    "hubspot 41945799 (developer_test)", "sales-consultant.toml", {"contacts": 2039, "deals": 2383},
    (admin.Proposed("deals_new_business", "new_business", "won", 462, 1347, 574, ""),
     admin.Proposed(
         "contacts", "Contacts without a deal", "deal_opened", 243, 812, 344,
         "a deal opened within 30 days happens to 66 % (763 of 1,156), a deal opened within 90 days to 92 % (973 of 1,063): what "
         "happens to nearly all, or to hardly anybody, sorts nobody; shares are of the records whose 30 or 90 days are over, and one "
         "that was open at several cut-offs counts by the share of them that the event followed (812 after at least one, 344 "
         "after none)",
         (admin.EventCounted("deal_opened", 90, 981, 82, 0.9158, False),
          admin.EventCounted("deal_opened", 30, 812, 344, 0.6600, True)),
     )),
    ("seller.example",), 12, {"read": 532, "links": 141}, 36.7,
    ("Leads: nobody is open now, so there is nobody to score",),
    {"companies.industry": "open records are like past ones", "contacts.title": "its name says what the record is"},
)  # fmt: skip
NOTHING_TO_PREDICT = admin.Initialised(
    "hubspot 4 (x)", "s.toml", {"contacts": 3}, (), (), 0, {"read": 9}, 1.0
)
DATA_CHECKED = admin.DataChecked(
    NOW, {"contacts": 2039, "companies": 900, "deals": 2383},
    (
        admin.DataFinding(
            "duplicates", "contacts", "the same e-mail address", 46, 2039, 22,
            "each is scored by its own part of the history, and training learns from the oldest alone",
            tuple(admin.SuspectRecord("contacts", str(n), NASTY if n == 101 else f"Ada Lovelace {n}", "ada@acme.example")
                  for n in (101, 102, 103, 104)),
        ),
        admin.DataFinding(
            "gaps", "deals", "open, without an amount", 31, 462, None, "its expected value is an estimate, or empty",
            (admin.SuspectRecord("deals", "7", "", "made on 2026-05-01"),),
        ),
        admin.DataFinding(
            "owners", "deals", "its owner has left", 12, 462, None,
            "nobody works the steps given to them; name another owner",
            (admin.SuspectRecord("deals", "8", "Acme, renewal", "lee@seller.example"),),
        ),
    ),
)  # fmt: skip
DATA_FINE = admin.DataChecked(NOW, {"contacts": 3, "companies": 0, "deals": 1}, ())
CHECKED = admin.Checked(
    "hubspot 41945799 (developer_test)",
    (
        Finding("token", "ok", "answers as portal 41945799"), Finding("read contacts", "ok", "permitted"),
        Finding("read deals", "ok", "permitted"),
        Finding("write deals", "missing", "not permitted", "Add the scope crm.objects.deals.write to the key."),
        Finding("daily limit", "warning", "230,000 of 250,000 calls used today"),
        Finding("fields on contacts", "next", "4 fields are still to be made: score, grade, trend, segment",
                "sales-consultant provision"),
        Finding("fields on deals", "next", "4 fields are still to be made: score, grade, trend, reasons",
                "sales-consultant provision"),
    ),
    "report.json",
)  # fmt: skip
ALL_WELL = admin.Checked("hubspot 41945799", (Finding("token", "ok", "answers"),))
PROVISIONED = admin.Provisioned(
    "hubspot 41945799",
    (ProvisionStep("group", "contacts", "sales_consultant", "created"),
     ProvisionStep("property", "contacts", "sc_score", "created"), ProvisionStep("property", "contacts", "sc_grade", "created"),
     ProvisionStep("property", "deals", "sc_score", "exists"),
     ProvisionStep("property", "deals", "sc_grade", "refused", "no permission to make properties")),
    ("Show the fields on the record: Settings > Objects > Deals > Record customization.",),
)  # fmt: skip
REMOVAL = admin.Removal(
    "hubspot 41945799", (ProvisionStep("property", "deals", "sc_score", "would remove"),),
    (Use("deals", "sc_score", "workflow", NASTY),), "Lists are not told by the API.",
)  # fmt: skip
REMOVED = admin.Removed("hubspot 41945799", (ProvisionStep("property", "deals", "sc_score", "removed"),))
SIGNED_IN = admin.SignedIn("main", 'OS keyring, entry "main"')
SIGNED_OUT = admin.SignedOut("main", True)
