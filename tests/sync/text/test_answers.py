"""Every intent: a message with it, on a record, ends as its rule's step, with the suggested answer in the task."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape

import pytest
from support import tiny
from support.in_process import LocalSandbox
from support.local_connector import opened

from sales_consultant.config import playbook
from sales_consultant.config.language.translation import LANGUAGES, Language, translate
from sales_consultant.config.settings import Settings
from sales_consultant.demo.saas.text_templates import ENGLISH
from sales_consultant.demo.saas.text_templates_zh import CHINESE
from sales_consultant.scoring.next_steps import rule_of
from sales_consultant.scoring.text import INTENTS, NONE, read
from sales_consultant.sync.runtime.reporting import Silent
from sales_consultant.sync.runtime.text_signals import TextSignals
from sales_consultant.sync.runtime.workspace import Workspace
from sales_consultant.sync.setup.provisioning import provision
from sales_consultant.sync.stores import TextCache
from sales_consultant.sync.use_cases.sync import SyncOptions, sync

pytestmark = pytest.mark.slow

RULES: Mapping[str, str] = {
    "ready_to_buy": "answer-buy",
    "asks_price": "answer-price",
    "objection_price": "answer-objection",
    "postponed": "answer-postponed",
    "competitor": "answer-competitor",
    "churn_threat": "answer-leaving",
    "complaint": "answer-complaint",
    "wants_meeting": "answer-meeting",
    "changed_job": "changed-job",
    "unsubscribe": "note-unsubscribe",
    "out_of_office": "wait-away",
    NONE: "answer",
}
WITHOUT_ANSWER = {"note-unsubscribe", "wait-away"}
BOOK = playbook.load()
KINDS = {
    "hubspot": ("tasks", "hs_task_subject", "hs_task_body"),
    "salesforce": ("Task", "Subject", "Description"),
}


def written(language: Language, intent: str) -> str:
    """A message that is read as the intent; what the rules miss is no matter of answers."""
    words = ENGLISH if language == "en" else CHINESE
    said = words.neutral["lead"] if intent == NONE else words.mails[intent]
    return next(s for s in (t.format(company="Acme") for t in said) if read(s).intent == intent)


def tables(language: Language) -> tiny.Tables:
    """An open deal with its own contact for each intent; its message came yesterday, ours is older."""
    made = tiny.tables(contacts=40, companies=6, deals=39)
    rows: list[tiny.Row] = []
    for n, intent in enumerate(RULES):
        on = {"contact_id": f"p{3 * n}", "deal_id": f"d{3 * n}", "owner_id": "o1", "type": "email"}
        for day, direction, body in ((40, "outbound", "Hello"), (1, "inbound", written(language, intent))):
            at = {"occurred_at": tiny.at(day), "created_at": tiny.at(day)}
            rows.append(
                {
                    "id": f"{direction}{n}",
                    "direction": direction,
                    "subject": "Re: Offer",
                    "body": body,
                    **on,
                    **at,
                }
            )
    demo = {"type": "meeting", "occurred_at": tiny.at(1), "created_at": tiny.at(1), "subject": "Product demo"}
    rows.append({"id": "demo", "contact_id": "p36", "deal_id": "d36", "owner_id": "o1", **demo})
    made["activities"] = rows
    return made


@dataclass(frozen=True)
class Done:
    """What a sync left: by the deal's name its step's id and text, and the text of the task of each step."""

    language: Language
    steps: Mapping[str, tuple[str, str]]
    tasks: Mapping[str, str]


@pytest.fixture(
    scope="module", params=[("hubspot", "en"), ("hubspot", "zh"), ("salesforce", "en")], ids="-".join
)
def done(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    crm, language = request.param
    root = tmp_path_factory.mktemp(f"{crm}-{language}")
    (root / "state" / "main").mkdir(parents=True)
    settings = Settings.model_validate(
        {
            "connections": {"main": {"crm": crm, "url": "http://127.0.0.1", "language": language}},
            "populations": {"deals": {"object": "deals", "event": "won", "label": "Deals"}},
            "text": {"enabled": True},
            "tasks": {"create": True},
            "next_steps": {"max_new_per_owner": 99},
        }
    )
    with LocalSandbox(crm, clock=tiny.CLOCK, data=tiny.write(root / "data", tables(language))) as sandbox:
        connection = settings.connections["main"]
        reader = TextSignals(settings.text, TextCache(root / "state" / "main"))
        connector = opened(connection, sandbox, sandbox.adapter, texts=reader)
        with Workspace(settings, "main", connection, root / "state", connector=connector) as ws:
            provision(ws, dry=False)
            _, plan = sync(ws, Silent(), SyncOptions(yes=True))
        kind, subject, body = KINDS[crm]
        held = [r.values() for r in sandbox.store.each(crm, kind)]
        # HubSpot keeps a task's text as HTML.
        tasks = {str(v[subject]): unescape(str(v.get(body) or "").replace("<br>", "\n")) for v in held}
        values = {e.name: {k: new for k, _, new in e.fields} for e in plan.entries if e.object == "deals"}
        steps = {
            n: (str(v["next_step_id"]), str(v["next_step"]))
            for n, v in values.items()
            if v.get("next_step_id")
        }
        yield Done(language, steps, tasks)


def deal_of(number: int) -> str:
    return f"Deal {3 * number} – größer" if number % 2 else f"Deal {3 * number}"


def test_every_intent_has_a_rule() -> None:
    assert set(RULES) == set(INTENTS) | {NONE}
    for name in RULES.values():
        rule = BOOK.rule(name)
        assert rule is not None
        assert (rule.draft is None) == (name in WITHOUT_ANSWER)


@pytest.mark.parametrize(("number", "intent"), list(enumerate(RULES)), ids=list(RULES))
def test_a_message_ends_as_the_step_of_its_intent_with_its_answer(
    done: Done, number: int, intent: str
) -> None:
    found = [
        s for name, s in done.steps.items() if name == deal_of(number) or (number == 0 and "Eve" in name)
    ]
    ((step_id, text),) = found
    assert rule_of(step_id) == RULES[intent]
    rule = BOOK.rule(RULES[intent])
    assert rule is not None
    if not rule.task:
        assert text not in done.tasks, "to wait is nothing to do"
        return
    task = done.tasks[text]
    if rule.draft is None:
        assert "\n\n" not in task, "the reason alone"
        return
    reason, subject, body = task.split("\n\n", 2)
    assert reason and subject == translate(rule.draft.subject, done.language)
    _, _, rest = body.partition("\n\n")
    _, _, drafted = translate(rule.draft.body, done.language).partition("\n\n")
    assert rest.split() == drafted.split()
    assert "{" not in task


def test_a_demo_that_was_held_is_no_wish_for_a_meeting(done: Done) -> None:
    assert read("Product demo").intent == "wants_meeting"
    ((step_id, _),) = [s for name, s in done.steps.items() if name == deal_of(12)]
    assert rule_of(step_id) == "recap"


def test_all_drafts_exist_in_every_language() -> None:
    for rule in BOOK.rules:
        for language in LANGUAGES:
            if rule.draft and language != "en":
                assert translate(rule.draft.body, language) != rule.draft.body
