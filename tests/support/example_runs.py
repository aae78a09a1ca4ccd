"""Results of runs made by hand, one of each kind that a screen shows; names hold what a terminal would act on."""

from datetime import UTC, datetime

from sales_consultant.connectors.base import Estimate
from sales_consultant.sync.journal import Entry
from sales_consultant.sync.plan import Plan
from sales_consultant.sync.plan.plan import Edit
from sales_consultant.sync.pull.estimate import Estimated
from sales_consultant.sync.results import runs, schedule, state, status, training
from sales_consultant.sync.use_cases import undone as undo
from sales_consultant.sync.use_cases.plan_made import PlanMade, ScoredRecords

NOW = 1_795_953_600_000
"""Sun 29 Nov 2026 12:00 UTC."""
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NASTY = "Eve \x1b[31m[red]\u202e Ltd"
"""A name with an escape sequence, markup and a direction override."""
RUN = "20261129-110000-5a41"
DIGEST = "e0d7d4227d0a26bcaefb7799afd87c5e2e6ae7a00a5300f207da1f2f4dd6ceb8"


def plan() -> Plan:
    """Three records of 3,401: a first score, a score that moves, and one that is emptied."""
    made = Plan(NOW, "hubspot 41945799 (developer_test)", looked_at=3401, unchanged=3395, calls=35)
    made.entries = [
        Entry(
            "deals", "10000002920", "Beacon Transport", "first score",
            (("score", None, "57"), ("grade", None, "C"), ("probability", None, "0.8258"),
             ("reasons", None, "stages passed: 4: +5\nstage: Negotiation: +4\n4 calls to them in the last 3 months: -2"),
             ("expected_value", None, "63247.08"), ("next_step", None, "Call Ana Fischer"),
             ("next_step_due", None, "2026-12-01"), ("next_step_reason", None, "no call for 26 days"),
             ("next_step_id", None, "call-1")),
        ),
        Entry("deals", "10000002921", NASTY, "scored again", (("score", "57", "62"), ("grade", "C", "B"))),
        Entry("companies", "10000000950", "Coppergate Partners", "excluded", (("segment", "prospects", None),)),
    ]  # fmt: skip
    made.left_alone.update({"control group": 2, "on hold": 1})
    made.currency = "USD"
    made.foreign_edits = [Edit("deals", "10000002921", "grade", "C", "A")]
    return made


PLAN = PlanMade(plan(), RUN)
SAVED = PlanMade(plan(), RUN, "/data/p.plan")
NO_CHANGE = PlanMade(Plan(NOW, "hubspot 41945799", looked_at=3401), RUN)
SCORED = ScoredRecords(
    runs.RunDone(RUN, "score", {"scored": {"deals": 2}}),
    (
        {"object": "deals", "id": "1", "name": "Beacon Transport", "score": "69", "grade": "A",
         "top_reason": "stage: Negotiation: +4"},
        {"object": "deals", "id": "2", "name": NASTY, "score": "8", "grade": "D"},
    ),
)  # fmt: skip

COUNTS = {
    "pulled": {"contacts": 2039, "deals": 462, "link_deals_contacts": 462, "notes": 0},
    "scored": {"deals": 462, "segments": 2939},
    "excluded": {"deals": {"own_domain": 3}},
    "plan": {"records": 3401, "changes": 8994, "by_field": {"score": 462, "next_step_id": 3}, "left_alone": {"on hold": 1}},
    "written": 3401,
    "dead": 0,
    "not_sent": 0,
    "api_calls": 96,
}  # fmt: skip
# What only some runs count.
RARE = {
    "computed_fields_of": ["deals"], "vanished": 3, "not_shown_any_more": {"calls": "212 of 537 rows: sharing may hide them"},
    "not_permitted": {"emails": "the scope sales-email-read is missing"}, "could_not_be_read": {"deals.amount": 2},
    "not_found": [{"kind": "stage", "name": "Pilot", "records": 4, "taken_for": "open"}], "repaired": 2,
    "compared": [{"stream": "link_deals_contacts", "object": "deals", "result": "CRM 3, warehouse 2"}],
    "forgotten_but_in_the_crm": ["contacts/3"], "taken_as_written": 12, "outside_the_pilot": {"records": 9, "values": "keep them"},
    "missing_fields": {"deals": ["grade"]}, "description_not_changed": "the scope is missing", "recovered": {"done": 4},
    "conflicts": 2, "waiting_records": 4, "left_records": 1, "back_after_a_rollback": 3401, "estimated_amounts": 1,
    "trained": {"deals": "better than base rate", "amount": "amount"}, "backup": {"file": "/data/b.db", "runs": 3},
}  # fmt: skip
SYNCED = runs.RunDone(RUN, "sync", COUNTS, short=RUN[:13])
SYNCED_RARELY = runs.RunDone(RUN, "sync", {**COUNTS, **RARE}, short=RUN[:13])
REFUSED = runs.RunDone(RUN, "sync", {**COUNTS, "dead": 12}, short=RUN[:13])
QUIET = runs.RunDone(RUN, "sync", {"pulled": {"deals": 0}, "written": 0, "dead": 0, "api_calls": 41})
RESTORED = runs.RunDone(
    RUN,
    "rollback",
    {
        "written": 3,
        "dead": 0,
        "undone": ["20261128-110000-aaaa"],
        "on_hold": ["grade", "score"],
        "api_calls": 9,
    },
    (runs.Conflict("deals", "7", "grade", "B", "A"),),
)


def row(
    id: str, job: str, ago: int, outcome: str | None, counts: dict[str, object], error: str = ""
) -> runs.RunRow:
    """A run that began `ago` milliseconds ago and took two minutes and a half."""
    ended = None if outcome is None else NOW - ago + 150_000
    return runs.RunRow(id, job, NOW - ago, ended, NOW - ago, outcome, counts, error or None, id[:13])


RUNS = runs.RunList(
    (
        row("20261129-115900-0001", "sync", MINUTE, None, {}),
        row(RUN, "sync", HOUR, "done", {**COUNTS, "dead": 12}),
        row("20261128-120000-0003", "changed", DAY, "failed: crm", {}, "The CRM cannot be reached."),
        row(
            "20260901-040000-0004", "train", 90 * DAY, "done", {"trained": {"deals": "better than base rate"}}
        ),
    )
)
RUN_SHOWN = runs.RunDetails(
    row(RUN, "sync", HOUR, "done", {**COUNTS, "dead": 12}),
    (
        runs.ChangeCount("done", "deals", "score", 450),
        runs.ChangeCount("done", "deals", "grade", 450),
        runs.ChangeCount("dead", "deals", "score", 12),
    ),
    (runs.Refusal("VALIDATION_ERROR", f'Property "amount" of {NASTY} was not valid', 12, "deals/4711"),),
)

STATUS = status.Status(
    connection="main",
    org="hubspot 41945799 (developer_test)",
    now=NOW,
    last_success=NOW - 7 * HOUR,
    models=(status.ModelInForce("deals_new_business", DIGEST[:12], training.BETTER, NOW - 26 * DAY),),
    on_hold=(),
    dead_letters=0,
    not_restored=(),
    try_again="sales-consultant retry",
    waiting_for_a_lock=0,
    calls=status.Calls(1234, 250_000, 125_000),
    computed_fields_read=None,
    compared=status.Reading(
        NOW - DAY, [{"stream": "deals", "object": "deals", "result": "CRM 3, warehouse 3"}]
    ),
    in_flight=0,
    groups={"shown": 810, "control": 90},
    feedback={"done": 12},
    running=status.Running("20261129-115900-0001", "sync", NOW - MINUTE, "20261129-1159"),
    next_job=status.NextJob("nightly", "sync", NOW + 16 * HOUR),
)
TROUBLED = status.Status(
    connection="main",
    org="hubspot 41945799 (developer_test)",
    now=NOW,
    last_success=NOW - 3 * DAY,
    models=(),
    on_hold=(status.FieldOnHold("score", NOW - 2 * DAY, RUN),),
    dead_letters=12,
    not_restored=(status.NotRestored("deals", "7", ("score", "grade"), RUN),),
    try_again="sales-consultant retry",
    waiting_for_a_lock=4,
    calls=status.Calls(124_000, 250_000, 125_000),
    computed_fields_read=status.Reading(NOW - 2 * DAY, ["deals.forecast"]),
    compared=status.Reading(
        NOW - DAY, [{"stream": "deals", "object": "deals", "result": "CRM 3, warehouse 2"}]
    ),
    in_flight=3,
)
FRESH = status.Status(
    "main",
    None,
    NOW,
    None,
    (),
    (),
    0,
    (),
    "sales-consultant retry",
    0,
    status.Calls(0, None, None),
    None,
    None,
    0,
)

BERLIN = datetime(2026, 11, 30, 4, 0, tzinfo=UTC)
JOBS = schedule.JobList(
    (
        schedule.Job("nightly", "main", "sync", "0 4 * * * (UTC)", BERLIN, "not between 08:00 and 18:00"),
        schedule.Job("old", "main", "train", "0 2 1 1 * (UTC)", None, ""),
        schedule.Job(
            "changes",
            "main",
            "changed",
            "every 15 minutes (UTC)",
            datetime(2026, 11, 29, 12, 15, tzinfo=UTC),
            "",
        ),
    )
)
UPCOMING = schedule.UpcomingList(
    (
        schedule.Upcoming(BERLIN, "nightly", "sync"),
        schedule.Upcoming(BERLIN.replace(day=30, hour=5), "training", "train"),
    )
)

UNDO = undo.UndoPlan(plan(), (runs.Conflict("deals", "7", "grade", "B", "A"),))
RESUMED = undo.Resumed(("score", "grade", "next_step_id"))
RETRIED = undo.Retried(12, 1, 3, 1)
FORGOTTEN = undo.Forgotten(
    "contacts",
    "3",
    ("4",),
    {"journal": 12, "warehouse_rows": 9, "plan_files": ["/data/p.plan"]},
    ("/data/b.db",),
    True,
)

BACKED_UP = state.BackupMade("/data/backups/state-20261129.db", 12_345_678, 41, ("state-old.db",))
STATE_RESTORED = state.Restored("/data/b.db", 41, 3, "/data/backups/replaced.db")
STATE = state.StateChecked(
    (),
    2,
    ("hubspot", "41945799"),
    41,
    3,
    (state.Copy("/data/backups/b.db", "2026-11-29T01:30:00Z", 2, 40, ()),),
)
DAMAGED = state.StateChecked(("page 3 is never used",), None, None, 0, 0, ())
JOURNAL = state.JournalExported("/data/journal.parquet", 8994)
BACKFILLED = state.Backfilled({"deals": 462, "calls": 0}, ("contacts",))
ESTIMATED = Estimated(
    [Estimate("deals", 462, {"search": 3}), Estimate("notes", 0, {"archived": 1})], frozenset({"notes"}), 0.4
)
