"""What reps read exists in every language: no message is missing, and none names another word than the English one."""

import re
from string import Formatter

import pytest
from support import report_messages

from sales_consultant.config import playbook
from sales_consultant.config.fields.catalogue import FIELDS, by_key
from sales_consultant.config.fields.naming import WRITTEN_BY_PEOPLE, WRITTEN_BY_US, Naming
from sales_consultant.config.language.translation import BETWEEN, LANGUAGES, Language, catalogue, translate
from sales_consultant.connectors.base import TASK_ID_HELP
from sales_consultant.insight.reports.words import CONTEXT
from sales_consultant.scoring.features import Entity, standard
from sales_consultant.scoring.next_steps import why_none, wording
from sales_consultant.scoring.propensity import length, translated
from sales_consultant.sync.reports import proposal_texts, risks
from sales_consultant.sync.setup import provisioning
from sales_consultant.sync.tasks.planned import NO_LONGER

# The types of activity that a neutral table has, as people read them.
KINDS = ("call", "email", "meeting", "note", "task", "form", "visit", "marketing email", "chat")
OTHERS: list[Language] = [language for language in LANGUAGES if language != "en"]


def messages() -> set[str]:
    """All English messages that reps read in a reason or a next step."""
    book = playbook.load()
    rules = {text for r in book.rules for text in (r.step, r.reason)}
    rules |= {text for r in book.rules if r.draft for text in (r.draft.subject, r.draft.body)}
    spans = {length(days) for days in (1, 8, 20, 60, 100, 200, 400)}
    labels = set[str]()
    entities: tuple[Entity, ...] = ("deals", "contacts", "companies")
    for entity in entities:
        for seller in (True, False):
            groups, _ = standard(entity, seller=seller)
            labels |= {t for g in groups for t in (g.words.label, g.words.plural, g.words.none) if t}
    phrases = {
        *translated.SPANS,
        *translated.LENGTHS,
        *translated.BANDS,
        *translated.ENDS,
        *translated.TEMPLATES,
        ", ",
    }
    steps = {book.planned.step, book.planned.reason, "meeting", "call", *wording.OTHERS, *why_none.MESSAGES}
    named = {t for f in FIELDS for t in (f.label, f.help, *map(f.option_label, f.choices))} - set("ABCD")
    named |= {WRITTEN_BY_US, WRITTEN_BY_PEOPLE, TASK_ID_HELP, NO_LONGER, *provisioning.MESSAGES}
    with_context = {
        *(f"{proposal_texts.CONTEXT}{BETWEEN}{t}" for k, t in proposal_texts.TEXTS.items() if k != "nothing"),
        *(f"{risks.CONTEXT}{BETWEEN}{t}" for t in risks.SAID.values()),
        *(f"{proposal_texts.ACTIVITIES}{BETWEEN}{t}" for t in (*KINDS, *proposal_texts.DIRECTED.values())),
    }
    said = {f"{CONTEXT}{BETWEEN}{t}" for t in report_messages.messages()}
    return said | with_context | named | labels | phrases | rules | spans | steps


def words(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", OTHERS)
def test_no_message_is_missing_and_none_is_left_over(language: Language) -> None:
    assert set(catalogue(language)) == messages()


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_says_the_same_words(language: Language) -> None:
    for message in messages():
        context, _, text = message.rpartition(BETWEEN)
        said = translate(text, language, context)
        assert words(said) == words(text), text
        plain = re.sub(r"\{\w+\}", "", text)
        chinese = any("\u4e00" <= c <= "\u9fff" for c in said)
        assert chinese or not any(c.isalpha() for c in plain) or text == "on {date}", text


def test_an_unknown_message_stays_english() -> None:
    assert translate("a rule of your own", "zh") == "a rule of your own"


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("3 meetings in the last 2 weeks", "最近两周3次会议"),
        (
            "only 1 meeting in the last month, 1 reply in the last week",
            "仅最近一个月1次会议，最近一周1次回复",
        ),
        (
            "in Negotiation, longer than usual, after a step back",
            "处于“Negotiation”阶段，比通常更久，曾退回前一阶段",
        ),
        ("2 forms, visits and chats in the last week", "最近一周2次表单、访问和咨询"),
        ("no form, visit or chat in the last 3 months", "最近三个月没有表单、访问或咨询"),
        ("in this stage for 2 to 4 weeks", "在此阶段已2至4周"),
        ("close date in 1 to 2 weeks", "距预计成交日期还有1至2周"),
        ("close date passed 1 to 3 months ago", "预计成交日期已过1至3个月"),
        ("they answer e-mails: often", "客户回复邮件：经常"),
        ("Page views: 20 to 50", "Page views：20 to 50"),
        ("Industry: Legal, tax and audit", "Industry：Legal, tax and audit"),
        ("Region unknown", "Region未知"),
        ("held at 99", "封顶于99"),
        ("everything else", "其他所有因素"),
    ],
)
def test_a_reason_in_chinese(english: str, chinese: str) -> None:
    assert translated.in_language(english, "zh") == chinese
    assert translated.in_language(english, "en") == english


def test_fields_are_called_in_the_readers_language() -> None:
    naming, tier = Naming(language="zh"), by_key("customer_tier")
    assert (naming.title(tier), naming.option(tier, "1")) == ("客户层级", "1级")
    assert Naming(language="zh", labels={"customer_tier": "VIP"}).title(tier) == "VIP"
    assert (Naming().title(tier), Naming().option(tier, "1")) == ("Customer tier", "Tier 1")


def test_fields_are_described_in_the_readers_language_and_known_as_ours_in_every_one() -> None:
    chinese, english, score = Naming(language="zh"), Naming(), by_key("score")
    said = chinese.description(score, "2026-11-02: 5 records")
    assert said.startswith("50 为平均水平") and said.endswith("由 Sales Consultant 写入；手动修改会被覆盖。")
    assert chinese.without_note(said) == chinese.description(score) != english.description(score)
    for naming in (chinese, english):
        for field in FIELDS:
            assert all(Naming.is_ours(n.description(field)) for n in (chinese, english))
        assert naming.is_ours(said)
    assert not Naming.is_ours("50 为平均水平")
    # A text of our own making that no catalogue has stays as it is.
    assert chinese.helped("Of your own.") == "Of your own."


def test_one_english_word_may_be_two_in_another_language() -> None:
    assert translate("Next steps", "zh", "proposal") == "下一步行动"
    assert translate("call", "zh") == translate("call", "zh", "activity") == "电话"
    assert translate("none", "zh", "proposal") == "无"
    assert translate("none", "zh", "no such context") == "none"
