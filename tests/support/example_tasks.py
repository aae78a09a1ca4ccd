"""Plans and runs with tasks, made by hand; names hold what a terminal would act on."""

from support.example_runs import NASTY, NOW, RUN

from sales_consultant.config.records import RecordRef
from sales_consultant.sync.journal import Entry
from sales_consultant.sync.plan import NEW_TASK, Plan
from sales_consultant.sync.results import runs
from sales_consultant.sync.results.runs import Conflict
from sales_consultant.sync.use_cases import undone as undo
from sales_consultant.sync.use_cases.plan_made import PlanMade


def plan() -> Plan:
    """No record changes; a task is made, one follows its step, one is overtaken."""
    made = Plan(NOW, "hubspot 41945799 (developer_test)", looked_at=3401, unchanged=3401, calls=4)
    made.tasks = [
        Entry("tasks", "sc-1", NASTY, NEW_TASK, (
            ("task_about", None, "deals/10000002921"), ("task_subject", None, f"Call {NASTY}"),
            ("task_due", None, "2026-12-01"), ("task_status", None, "open"),
        )),
        Entry("tasks", "sc-2", "Beacon Transport", "task updated", (("task_due", "2026-12-01", "2026-12-04"),)),
        Entry("tasks", "sc-3", "Coppergate Partners", "task closed: overtaken", (
            ("task_subject", "Write to Ana", "No longer needed: Write to Ana"), ("task_status", "open", "overtaken"),
        )),
    ]  # fmt: skip
    made.task_records = {f"sc-{n}": RecordRef("deals", f"1000000292{n}") for n in (1, 2, 3)}
    return made


PLANNED = PlanMade(plan(), RUN)
SYNCED = runs.RunDone(
    RUN,
    "sync",
    {
        "pulled": {"deals": 462},
        "scored": {"deals": 462},
        "plan": {"records": 0, "changes": 0, "by_field": {}, "left_alone": {}},
        "written": 0,
        "dead": 0,
        "tasks": {"new task": 12, "task closed: overtaken": 3},
        "tasks_left_alone": {"no owner": 4, "the owner has left": 2},
        "api_calls": 61,
    },
)
FIELDS_ONLY = runs.RunDone(
    RUN,
    "sync",
    {"plan": None, "written": 2, "dead": 0, "tasks_not_written": "missing scope crm.objects.contacts.write"},
)


def taken_back() -> undo.UndoPlan:
    """A rollback that deletes a task and leaves another."""
    made = Plan(NOW, "hubspot 41945799 (developer_test)", looked_at=0, calls=1)
    made.tasks = [Entry("tasks", "sc-1", "deals/1", "rollback", (("task_status", "open", "removed"),))]
    return undo.UndoPlan(made, (Conflict("tasks", "9921", "task_subject", "Call Ana", NASTY),))


TAKEN_BACK = taken_back()
