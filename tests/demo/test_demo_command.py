"""The demo does what the README says, and its reasons add up on every record."""

import json
import os
import pty
import re
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from support import picture, programs, steps_checked
from support.record_page import RecordPage

from sales_consultant.config.clock import from_iso
from sales_consultant.scoring.customers.alive import agree

KEYS = {
    "crm",
    "pulled",
    "scored",
    "written",
    "api_calls",
    "forward_test",
    "forward_tests",
    "leaks",
    "records",
    "second_sync",
    "seconds",
    "url",
    "page",
}


def demo(home: Path, *options: str) -> dict[str, Any]:
    command = [str(Path(sys.executable).with_name("sales-consultant")), "demo", "--json", *options]
    environ = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    cwd = home / "cwd"
    cwd.mkdir()
    done = programs.run(command, env=environ, cwd=cwd)
    assert done.returncode == 0, done.stderr + done.stdout
    assert list(cwd.iterdir()) == [], "the demo works in a directory of its own"
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@dataclass(frozen=True)
class Kept:
    """A demo of both companies at a terminal, kept open until Ctrl-C."""

    document: dict[str, Any]
    index: str
    """The page at the document's address while the demo was open."""
    code: int
    rest: str
    """What came on standard output after the document."""
    told: str
    """What came on standard error."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    home = tmp_path_factory.mktemp("home")
    cwd = tmp_path_factory.mktemp("cwd")
    ours, theirs = pty.openpty()
    command = [str(Path(sys.executable).with_name("sales-consultant")), "demo", "--json", "--keep"]
    environ = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    pipe = subprocess.PIPE
    with programs.start(
        command, stdin=theirs, stdout=pipe, stderr=pipe, env=environ, cwd=cwd, start_new_session=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        lines: list[str] = []
        while not lines or lines[-1] != "}\n":
            lines.append(process.stdout.readline())
            assert lines[-1], process.stderr.read()
        found: dict[str, Any] = json.loads("".join(lines))
        with urllib.request.urlopen(found["url"], timeout=30) as answer:
            index = answer.read().decode()
        process.send_signal(signal.SIGINT)
        rest, told = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert list(cwd.iterdir()) == [], "the demo works in a directory of its own"
    return Kept(found, index, process.returncode, rest, told)


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
def test_the_saas_company(kept: Kept) -> None:
    found = kept.document
    assert set(found) >= KEYS
    assert found["crm"] == "hubspot"
    assert found["pulled"]["deals"] > 2000
    assert found["dead"] == 0
    assert found["second_sync"]["written"] == 0
    test = found["forward_test"]
    assert {"auc", "auc_low", "auc_high", "log_loss", "base_log_loss", "n", "base_rate", "verdict"} <= set(
        test
    )
    # Real deals are ordered with an AUC of .65 to .80: far above, something leaks.
    assert test["auc_low"] < test["auc"] < test["auc_high"] < 0.9
    assert (test["verdict"] == "better than base rate") == (found["scored"]["deals_new_business"] > 0)
    assert len(found["records"]) == 15
    for record in found["records"]:
        points = [int(m) for line in record["reasons"] for m in re.findall(r": ([+-]\d+)$", line)]
        assert len(points) == len(record["reasons"])
        assert 50 + sum(points) == record["score"], record
        assert record["grade"] in "ABCD"
    assert any(r["next_step"] for r in found["records"])
    page = Path(found["page"]).read_text(encoding="utf-8")
    assert "Synthetic data" in page
    assert "Sales Consultant" in page
    shown, drawn = RecordPage.read(page), picture.PICTURE.read_text(encoding="utf-8")
    # The README's picture is this page; figures may differ in their last digit between machines.
    assert picture.words(drawn) == picture.words(picture.draw(shown)), "it is another page: make picture"
    assert 50 + sum(picture.points(shown.reasons)) == int(shown.score)


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
def test_both_kept_open_are_one_document_and_nothing_of_it_is_lost(kept: Kept) -> None:
    """At a terminal, until Ctrl-C: the document holds both companies, and the address in it is open meanwhile."""
    found = kept.document
    assert "Records by score" in kept.index
    assert (kept.code, kept.rest) == (0, "")
    assert found["url"] in kept.told, "the address is told on the other stream"
    assert (found["company"], found["shop"]["company"]) == ("saas", "shop")
    assert set(found) >= KEYS and set(found["shop"]) >= KEYS
    assert found["records"][0]["score"] and found["shop"]["records"][0]["segment"]
    assert "Online Retail" in found["shop"]["data"] and "synthetic" in found["data"]


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
@pytest.mark.parametrize("company", ["saas", "shop"])
def test_what_a_record_says_of_a_customer_agrees(kept: Kept, company: str) -> None:
    """Over all companies and contacts: no churn risk of 12 beside "at risk" and "almost lost"."""
    found = kept.document if company == "saas" else kept.document["shop"]
    values: dict[tuple[str, str], dict[str, str]] = {}
    with closing(sqlite3.connect(next(Path(found["folder"]).rglob("state.db")))) as c:
        query = "SELECT object, record_id, field, value FROM written WHERE value IS NOT NULL"
        for object_, record, field, value in c.execute(query):
            values.setdefault((object_, record), {})[field] = value
    told = {k: v for k, v in values.items() if "segment" in v}
    assert sum("churn_risk" in v for v in told.values()) > 300
    wrong = [
        (k, v)
        for k, v in told.items()
        if not agree(v["segment"], v.get("lifecycle"), float(v["churn_risk"]) if "churn_risk" in v else None)
    ]
    assert wrong == []


@pytest.mark.slow
def test_the_saas_company_with_its_texts_read(tmp_path: Path) -> None:
    found = demo(tmp_path, "--data", "saas", "--text")
    assert "the texts of e-mails and calls are invented" in found["notice"]
    assert found["dead"] == 0
    assert found["second_sync"]["written"] == 0
    # Texts are drawn apart from how a deal ends: they must not seem to tell it.
    assert found["forward_test"]["auc_high"] < 0.8
    company = steps_checked.of_folder(Path(found["folder"]), from_iso(found["as_of"]))
    assert list(steps_checked.contradictions(company)) == []
    rules = company.proposal.steps["rule"].value_counts()
    said = [
        r
        for r in rules.index
        if r.startswith("answer-") or r in ("changed-job", "note-unsubscribe", "wait-away")
    ]
    assert rules[said].sum() >= 10 and len(said) >= 5
    # Listed in docs/explanation/fifty-steps.md.
    assert set(rules[rules > 0.25 * rules.sum()].index) <= {"recap", "cross-sell"}


def test_the_shop(tmp_path: Path) -> None:
    found = demo(tmp_path, "--data", "shop")
    # Real orders: what goes together is found, and said with its counts.
    assert found["changed"]["by_field"]["recommended_product"] > 500
    assert found["records"][0]["recommended_product_why"].startswith("Bought by ")
    assert found["forward_test"] is None, "orders are won at once: there is no deal to predict"
    assert found["pulled"]["line_items"] > 10_000
    assert found["scored"]["value"] > 600
    assert found["second_sync"]["written"] == 0
    assert float(found["records"][0]["expected_value"]) > 0
    assert {r["segment"] for r in found["records"]} <= {
        "champions",
        "loyal",
        "active",
        "new",
        "promising",
        "at_risk",
    }


@pytest.mark.slow
def test_no_step_contradicts_what_is_printed_beside_it(kept: Kept) -> None:
    """Of every record, as if owners had no cap; dates and "since" are told again from the raw rows."""
    document = kept.document
    company = steps_checked.of_folder(Path(document["folder"]), from_iso(document["as_of"]))
    assert list(steps_checked.contradictions(company)) == []
    steps = company.proposal.steps
    other = steps.assign(reason=[re.sub(r"on \d+ ", "on 1 ", r) for r in steps["reason"]])
    wrong = replace(company, proposal=replace(company.proposal, steps=other))
    assert len(list(steps_checked.contradictions(wrong))) > 100, "the check can fail"
    told = {
        (o, i)
        for f in (company.proposal.steps, company.proposal.without)
        for o, i in zip(f["object"], f["record_id"], strict=True)
    }
    open_now = company.facts[~company.facts["closed"].astype(bool)]
    assert told == set(zip(open_now["object"], open_now["record_id"], strict=True)), (
        "a step, or why there is none"
    )
    good = open_now[(open_now["object"] == "deals") & open_now["grade"].isin(["A", "B"])]
    assert len(good) > 50
    reasons = company.proposal.without.set_index(["object", "record_id"])["why"]
    assert all(str(why).strip() for why in reasons)
    rules = company.proposal.steps["rule"].value_counts(normalize=True)
    # Listed with ten checked records in docs/explanation/fifty-steps.md.
    assert set(rules[rules > 0.25].index) <= {"recap", "cross-sell"}
