"""A rep's day and a playbook's pages, made by hand; names hold what a terminal would act on."""

from support.example_runs import NASTY

from sales_consultant.sync.results.day_list import DayList, Step, Without
from sales_consultant.sync.results.playbook import (
    Converted,
    Part,
    PlaybookCheck,
    PlaybookStats,
    RecordTest,
    RuleExplained,
    RuleStats,
    RuleTest,
)

_CALL = Step(
    "deals",
    "10000002921",
    NASTY,
    "Beacon Transport",
    "Ana Ortiz",
    "Call and agree on how to sign",
    "they wrote on 12 May 2026 that they are ready to buy",
    "2026-05-13",
    "high",
    "call",
    "ready-to-buy-10000002921",
    "81",
    "A",
)
_REVIEW = Step(
    "companies",
    "77",
    "Coppergate Partners",
    "Coppergate Partners",
    "Ana Ortiz",
    "Hold a review with them: what they use, what they miss, and which of their plans for the coming year we could help with",
    "tier 1, no meeting since 3 Feb 2026, and nothing is planned with any of the people whom we know there",
    "2026-05-19",
    "medium",
    "meeting",
    "review-77",
)
_CLEAN = Step(
    "deals",
    "9",
    "",
    "",
    "Ana Ortiz",
    "Agree on a new close date, or close the deal",
    "",
    "",
    "low",
    "none",
    "x-9",
)
_NONE = (
    Without("deals", "5", "Dunmore Freight", "Ana Ortiz", "B", "not within the cap of 5 for this owner"),
    Without("deals", "6", NASTY, "", "", "a meeting is planned for 12 May 2026"),
    Without("contacts", "7", "", "Ana Ortiz", "C", "nothing to do before 12 May 2026"),
)
DAY = DayList("Ana Ortiz", (_CALL, _REVIEW, _CLEAN), _NONE)
DAY_OF_ALL = DayList("", (_CALL,) * 26, files=("may.csv",))
DAY_EMPTY = DayList("Ana Ortiz", ())

CHECKED = PlaybookCheck("playbook.toml", 47, {"deals": 30, "contacts": 12, "leads": 9, "companies": 11}, ())
CHECKED_ODD = PlaybookCheck(
    "mine.toml",
    2,
    {"deals": 2},
    (
        {
            "kind": "never reached",
            "text": 'mine.toml:9:1: rule "late" is never reached: whenever it holds, "call" of line 3 holds and pauses.',
        },
        {
            "kind": "contradicts",
            "text": f'mine.toml:17:1: rule "wait" and rule "call" can hold together and say the opposite of each other: {NASTY}',
        },
    ),
)
_STATS = RuleStats(
    "recap",
    "Send a summary with the next step",
    {"eligible": 212, "chosen": 167, "capped": 40, "silent": 5},
    1204,
    127,
    {"done": 31, "not_useful": 12, "later": 9, "wrong": 2},
    0.09,
    0.072,
    {"kind": "past", "share": 0.03, "change": 0.018, "error": 0.034, "taken": 212, "left": 1040},
)
_WRONG = RuleStats(
    "no-decision-maker",
    "Find out who decides, and meet them",
    {"eligible": 3, "chosen": 1},
    40,
    1,
    {"wrong": 9, "done": 2},
)
STATS = PlaybookStats((_STATS, _WRONG, RuleStats("idle", "Nothing")), "20260512-0300")
STATS_NONE = PlaybookStats((RuleStats("idle", "Nothing"),), None)
EXPLAINED = RuleExplained(
    {
        "id": "recap",
        "objects": ["deals"],
        "when": [
            "days_since_meeting <= 5",
            "days_since_outbound > days_since_meeting",
            'grade in ["A", "B"]',
        ],
        "channel": "email",
        "due_working_days": 1,
        "step": "Send a summary with the next step",
        "reason": "they met {last_meeting}",
        "draft": None,
    },
    {
        "days_since_meeting": "days since the last meeting or call",
        "days_since_outbound": "days since we wrote",
    },
    "playbook.toml:98:1",
    (f"rule {NASTY} holds wherever it does",),
    _STATS,
)
_HOLDS = RuleTest(
    "recap",
    "yes",
    (Part("days_since_meeting <= 5", "yes", {"days_since_meeting": 2.0}),),
    "stands behind ready-to-buy",
    "Send a summary with the next step",
    "they met on 10 May 2026",
)
_NOT = RuleTest(
    "unstick",
    "no",
    (
        Part("stage_slowness >= 2", "no", {"stage_slowness": 0.81234}),
        Part('grade in ["A"]', "yes", {"grade": "A"}),
    ),
)
_UNKNOWN = RuleTest(
    "ask-budget",
    "unknown",
    (Part("not has_amount", "unknown", {"has_amount": None, "products": ["a", NASTY]}),),
)
TESTED = RecordTest(
    "deals",
    "10000002921",
    NASTY,
    "Call and agree on how to sign",
    "ready-to-buy",
    "they wrote on 12 May 2026 that they are ready to buy",
    (_HOLDS, _NOT, _UNKNOWN),
    {},
)
TESTED_NONE = RecordTest(
    "deals", "5", "Dunmore Freight", None, "", "nothing to do before 12 May 2026", (_NOT,), {}
)
CONVERTED = Converted("", 11, "playbook.toml")
