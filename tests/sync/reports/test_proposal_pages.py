"""Pages of proposals: both languages say the same, what the CRM spells stands as text, and a proposal is kept whole."""

import json
import re
from html.parser import HTMLParser

import pytest
from support.example_proposals import BARE, FULL, REVIEW
from support.example_runs import NASTY

from sales_consultant.config.fields.catalogue import by_key
from sales_consultant.config.language.translation import LANGUAGES, Language
from sales_consultant.sync.reports import proposal_pages, risks
from sales_consultant.sync.reports.proposal_texts import activity, option
from sales_consultant.sync.results import AccountProposal, Risk


def test_options_and_activities_are_said_in_every_language() -> None:
    for key in ("lifecycle", "segment"):
        for value in by_key(key).options:
            assert option(value, "en") == by_key(key).option_label(value)
            assert re.search(r"[\u4e00-\u9fff]", option(value, "zh")), value
    assert activity("call", "outbound", "zh") == "电话（发给客户）"
    # What a CRM spells is no template and no direction.
    assert activity("{kind} {x}", "inbound", "en") == "{kind} {x}, inbound"
    assert activity("carrier pigeon", "sideways", "zh") == "carrier pigeon"


def test_every_risk_is_said_in_every_language() -> None:
    for code in risks.SAID:
        for language in LANGUAGES:
            assert risks.say(Risk(code, "Pump", 2.0, "2026-11-02"), language)


class Page(HTMLParser):
    """The elements of a page, and what stands in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember the element."""
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        """Remember the text."""
        self.words += data


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("proposal", [FULL, BARE], ids=["full", "bare"])
def test_html_holds_no_element_of_the_crm_s(proposal: AccountProposal, language: Language) -> None:
    document = proposal_pages.of_proposal(proposal, language)
    text = proposal_pages.html(document)
    page = Page(text)
    assert f'<html lang="{language}">' in text
    assert "script" not in page.tags and "<script" not in text
    for section in document.sections:
        for cell in (*section.points, *(c for row in section.rows for c in row)):
            assert " ".join(cell.split()) in " ".join(page.words.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_markdown_escapes_what_it_would_act_on(language: Language) -> None:
    text = proposal_pages.markdown(proposal_pages.of_proposal(FULL, language))
    plain = [line for line in text.splitlines() if "alert" in line]
    assert plain and all(
        "\\<script\\>" in line and "<script" not in line.replace("\\<", "") for line in plain
    )
    for line in text.splitlines():
        if line.startswith("| ") and "---" not in line and line.strip("| "):
            cells = re.split(r"(?<!\\)\|", line.strip("| "))
            assert len(cells) in (2, 3, 4, 5)


def test_a_line_of_the_crm_is_no_list_of_ours() -> None:
    assert proposal_pages._escaped("1. one") == "\\1. one" or proposal_pages._escaped("- one") == "\\- one"


def test_a_proposal_is_kept_whole() -> None:
    for proposal in (FULL, BARE):
        assert AccountProposal.of_kept(json.loads(json.dumps(proposal.kept()))) == proposal


def test_prices_are_told_with_their_count_or_as_too_few() -> None:
    (prices,) = (s for s in proposal_pages.of_proposal(FULL, "en").sections if s.heading == "At which price")
    told = {row[0].split()[0]: row[1:] for row in prices.rows}
    assert told["Hose"] == (
        "100.00 EUR", "75.00 to 105.00 EUR", "-5 % to 25 %", "12, large deals of customers of the segment Needs attention",
    )  # fmt: skip
    assert told["A"] == ("20.00 EUR", "too few", "too few", "3")
    assert told["Tape"] == ("no list price", "–", "–", "–")


def test_a_review_says_what_was_done_and_what_happened() -> None:
    document = proposal_pages.of_review(REVIEW)
    done, happened, changed = document.sections
    assert [row[2] for row in done.rows] == [
        "done", "called not useful", "the CRM shows another step, or none", "open, and its day has passed", "open", "bought",
    ]  # fmt: skip
    outcomes = [row[1] for row in happened.rows]
    assert outcomes[:5] == [
        "won on 25 Nov 2026", "lost on 25 Nov 2026", "now in the stage Offer", "still in the same stage",
        "not known: it is gone, or its stage is",
    ]  # fmt: skip
    assert outcomes[5:] == [
        "bought on 26 Nov 2026", "not bought", "5,000 EUR (deals: 2)", "call, outbound: 3; email, inbound: 1",
    ]  # fmt: skip
    assert changed.rows[0] == ("Lifecycle", "At risk", "Active") and changed.rows[1] == (
        "Churn risk",
        "64 %",
        "–",
    )
    assert "has not come yet" in document.subtitle
    assert "\x1b" in NASTY and not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", proposal_pages.html(document))
