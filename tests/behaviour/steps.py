"""What is played on a desk, in order: every command in a state in which it has something to say."""

import fcntl
import re
from typing import Any

from behaviour.desk import Desk
from behaviour.normal import parquet_rows

NAMES = {"deals": "Opportunity", "contacts": "Contact", "companies": "Account"}
OURS = {
    "grade": "SC_Grade__c",
    "score": "SC_Score__c",
    "do_not_score": "SC_Do_Not_Score__c",
    "next_step_feedback": "SC_Next_Step_Feedback__c",
}
DAY = 86_400


def edit(desk: Desk, object: str, record: str, **values: Any) -> None:
    """Change a record in the CRM as a person would; our fields by their keys."""
    if desk.crm == "hubspot":
        told = {f"sc_{k}" if k in OURS else k.lower(): str(v) for k, v in values.items()}
        desk.box.http("PATCH", f"/crm/v3/objects/{object}/{record}", {"properties": told})
    else:
        told = {OURS.get(k, k): v == "true" if v in ("true", "false") else v for k, v in values.items()}
        desk.box.http("PATCH", f"/services/data/v62.0/sobjects/{NAMES[object]}/{record}", told)


def beginning(desk: Desk) -> None:
    """From nothing to a pulled warehouse; wrong use before there are settings."""
    desk.run("status")
    desk.run("status", read=False)
    desk.run("init", "--crm", "pipedrive")
    desk.run("init")
    desk.run("plan", "--nope")
    desk.run("evaluate", "--as-of", "2024-01-01")
    desk.run("init", "--crm", desk.crm, "--url", desk.box.url)
    desk.keep_file("sales-consultant.toml")
    desk.run("init", "--crm", desk.crm, "--url", desk.box.url)
    desk.run("check")
    desk.run("check", "--live-report", "live.json", read=False)
    desk.keep_file("live.json")
    desk.run("pull", "--estimate")
    desk.run("sync", "--yes")
    desk.run("provision", "--dry-run")
    desk.run("provision", *(["--list-view"] if desk.crm == "salesforce" else []))
    desk.run("provision", read=False)
    desk.run("pull", read=False)
    desk.run("pull", "--full", "--object", "deals")
    desk.run("pull", "--reconcile")


def learning(desk: Desk) -> str:
    """Readiness, a training that publishes nothing and one that does; the deals' population."""
    desk.run("train", "--readiness")
    desk.run("train", "--dry-run")
    desk.run("models", "list")
    made = desk.run("train")
    desk.run("models", "list", read=False)
    for model in made["models"]:
        desk.run("models", "show", model["name"])
    deals = next(str(m["name"]) for m in made["models"] if m["name"].startswith("deals_"))
    desk.run("models", "show", deals, read=False)
    desk.run("models", "show", deals, "--out", "page")
    desk.keep("files", sorted(p.name for p in (desk.folder / "page").iterdir()))
    desk.run("models", "show", "nobody")
    desk.run("models", "publish", "0000")
    desk.run("score")
    desk.run("score", "--as-of", "2024-12-01T00:00:00Z")
    return deals


def writing(desk: Desk) -> list[dict[str, Any]]:
    """The first plan and its push, guarded and not; the plan's entries."""
    desk.run("sync")
    desk.run("plan", "--no-pull")
    desk.run("plan", "--as-of", "2024-12-01T00:00:00Z", "--no-pull", read=False)
    desk.run("plan", "--out", "plan.json")
    entries: list[dict[str, Any]] = desk.keep_file("plan.json")["entries"]
    desk.run("push", "plan.json", "--max-records", "5")
    desk.run("push", "plan.json", "--max-share", "2")
    desk.run("push", "nothing.json")
    desk.run("push", "plan.json", "--yes")
    desk.run("push", "plan.json", "--yes")
    return entries


def won(desk: Desk, deal: str) -> dict[str, str]:
    """The value that makes a deal a won one."""
    if desk.crm == "hubspot":
        pipeline = desk.box.http("GET", f"/crm/v3/objects/deals/{deal}?properties=pipeline")["properties"][
            "pipeline"
        ]
        stages = desk.box.http("GET", f"/crm/v3/pipelines/deals/{pipeline}")["stages"]
        return {"dealstage": next(s["id"] for s in stages if s["metadata"]["probability"] in ("1.0", "1"))}
    query = "SELECT+ApiName+FROM+OpportunityStage+WHERE+IsWon=true"
    return {
        "StageName": desk.box.http("GET", f"/services/data/v62.0/query?q={query}")["records"][0]["ApiName"]
    }


def changing(desk: Desk, entries: list[dict[str, Any]]) -> list[str]:
    """A day later some records are other ones; then a night with changes and a quiet one. Ids of deals."""
    ids = {o: [str(e["record_id"]) for e in entries if e["object"] == o] for o in NAMES}
    desk.box.control("clock", advance=DAY)
    # A grade that is set by hand below is another one than ours.
    grades = {str(e["record_id"]): k[2] for e in entries for k in e["fields"] if k[0] == "grade"}
    deals = [i for i in ids["deals"] if grades.get(i) in ("A", "B", "C")]
    edit(desk, "deals", deals[0], Amount=123456)
    edit(desk, "deals", deals[1], CloseDate="2025-06-30")
    edit(desk, "deals", deals[2], grade="D")
    edit(desk, "deals", deals[3], score=1)
    edit(desk, "deals", deals[3], next_step_feedback="done")
    edit(desk, "deals", deals[4], **won(desk, deals[4]))
    edit(desk, "contacts", ids["contacts"][1], do_not_score="true")
    edit(desk, "contacts", ids["contacts"][0], LastName="<b>Łęcka</b> \u202e")
    desk.run("sync", "--yes")
    desk.run("sync", "--yes")
    desk.run("sync", "--changed", "--yes", read=False)
    desk.calls()
    for record in (*deals[1:5], ids["contacts"][0], f"companies/{ids['companies'][2]}"):
        desk.run("explain", record)
    desk.run("explain", deals[0], read=False)
    desk.run("explain", f"companies/{ids['companies'][2]}", "--timezone", "Europe/Berlin", read=False)
    desk.run("explain", "999999999")
    desk.run("explain", "things/1")
    return deals


def trouble(desk: Desk, deals: list[str]) -> None:
    """Records that the CRM refuses, a wrong token, wrong settings, a run that is under way."""
    for record in deals[5:8]:
        edit(desk, "deals", record, score=1)
    if desk.crm == "hubspot":
        desk.box.control(
            "faults", kind="status", status=400, path="deals/batch/update", message="Not like this"
        )
    else:
        code = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
        desk.box.control("row_errors", ids=deals[5:8], code=code, message="Not like this", times=100)
    refused = desk.run("sync", "--yes")
    desk.run("runs", "show", refused["run"])
    desk.run("status")
    desk.run("retry")
    desk.box.http("DELETE", "/_sandbox/faults")
    if desk.crm == "salesforce":
        desk.box.control("row_errors", ids=deals[5:8], times=0)
    desk.run("sync", "--yes", read=False)
    desk.box.control("users", crm=desk.crm, token="weak", **_weak(desk.crm))
    desk.run("check", env={"SALES_CONSULTANT_MAIN_TOKEN": "weak"})
    desk.box.control("users", crm=desk.crm, token="old", expired=True)
    desk.run("pull", env={"SALES_CONSULTANT_MAIN_TOKEN": "old"})
    desk.run("pull", env={"SALES_CONSULTANT_MAIN_TOKEN": ""})
    file = desk.folder / "sales-consultant.toml"
    for name, more in {
        "unknown": "[guards2]\nx = 1\n",
        "broken": "[",
        "wrong": "[proof]\ncontrol_share = 3\n",
    }.items():
        (desk.folder / f"{name}.toml").write_text(file.read_text(encoding="utf-8") + more, encoding="utf-8")
        desk.run("status", "--config", f"{name}.toml")
    desk.run("status", "--config", "nowhere.toml")
    desk.run("status", "--connection", "other")
    desk.run("status", env={"SALES_CONSULTANT_WRITE__SET": "maximal"})
    desk.run("plan", "--no-pull", env={"SALES_CONSULTANT_WRITE__SET": "minimal"})
    desk.run("plan", "--as-of", "yesterday")
    with open(desk.main / "lock", "a+", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        desk.run("sync", "--yes")


def _weak(crm: str) -> dict[str, Any]:
    if crm == "hubspot":
        return {"without": ["crm.objects.deals.read", "crm.schemas.contacts.write"]}
    return {"objects": {"Contact": ["Read"], "Account": ["Read"]}}


def looking(desk: Desk, deals: str) -> None:
    """What only reads: evaluations, models, runs, the schedule, the state."""
    for option in ((), ("--as-given",), ("--compare",), ("--clusters",)):
        desk.run("evaluate", *option)
    desk.run("evaluate", read=False)
    desk.run("evaluate", "--plots", "plots")
    desk.keep("files", sorted(p.name for p in (desk.folder / "plots").iterdir()))
    desk.box.control("clock", advance=31 * DAY)
    desk.run("train")
    desk.run("evaluate", "--as-given")
    listed = desk.run("models", "list")["models"]
    digest = next(str(m["digest"]) for m in listed if m["name"] == deals)
    desk.run("models", "revert", deals)
    desk.run("models", "revert", "amount")
    desk.run("models", "revert", "nobody")
    desk.run("models", "export", digest, "model.json")
    desk.keep_file("model.json")
    desk.run("models", "import", "model.json", "--population", "elsewhere")
    desk.run("sync", "--yes", "--as-of", "2025-01-12T00:00:00Z")
    for run in desk.run("runs", "list")["runs"][:4]:
        desk.run("runs", "show", str(run["id"]))
    desk.run("runs", "tail", str(run["id"]), read=False)
    desk.run("runs", "list", "--limit", "5", read=False)
    desk.run("runs", "show", "20200101-000000-0000")
    desk.run("status")
    desk.run("status", "--timezone", "Mars/Olympus")
    desk.run("schedule", "list")
    one = re.sub(
        r"\[schedule\.(?!nightly).*?(?=\n\[|\Z)",
        "",
        (desk.folder / "sales-consultant.toml").read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    (desk.folder / "one.toml").write_text(one, encoding="utf-8")
    desk.run("schedule", "next", "--config", "one.toml", "--limit", "3")
    desk.run("schedule", "run-now", "backup")
    desk.run("schedule", "run-now", "nothing")
    desk.run("state", "check")
    desk.run("state", "backup", "copy.db")
    desk.run("state", "export", "journal.parquet")
    desk.tables("export", {"journal": parquet_rows(desk.folder / "journal.parquet", desk.normal)})


def undoing(desk: Desk, entries: list[dict[str, Any]]) -> None:
    """Backfills, undos, a person who is forgotten, a state that is restored, fields that are taken away."""
    desk.run(
        "backfill",
        "--since",
        "2024-10-01",
        "--until",
        "2024-11-01",
        "--object",
        "deals",
        "--object",
        "activities",
    )
    desk.run("backfill", "--object", "deals", "--where", "amount>=50000", "--again")
    desk.run("backfill", "--object", "deals", "--where", "amonut>=1")
    runs = [r for r in desk.run("runs", "list")["runs"] if r["job"] in ("sync", "push")]
    last, first = str(runs[0]["id"]), str(runs[-1]["id"])
    desk.run("rollback", last, "--dry-run")
    desk.run("rollback", last)
    desk.run("rollback", last, "--yes")
    deal = next(str(e["record_id"]) for e in entries if e["object"] == "deals")
    desk.run("rollback", "--since", "2000-01-01", "--field", "score", "--record", deal, "--dry-run")
    desk.run("rollback", "--since", "2000-01-01", "--field", "grade", "--yes", read=False)
    desk.run("rollback", first, "--field", "nothing", "--yes")
    desk.run("status")
    desk.run("sync", "--yes")
    desk.run("resume")
    desk.run("sync", "--yes")
    contact = next(str(e["record_id"]) for e in entries if e["object"] == "contacts")
    desk.run("forget", f"contacts/{contact}")
    desk.run("forget", f"contacts/{contact}", "--yes")
    desk.run("explain", f"contacts/{contact}")
    desk.run("provision", "--remove", "--dry-run")
    desk.run("provision", "--remove")
    desk.run("logout")
    desk.run("login", "--connection", "main")
