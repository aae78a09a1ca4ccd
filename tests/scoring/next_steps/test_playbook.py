"""The playbook file: what it may say, and how slips are told."""

from pathlib import Path

import pytest

from sales_consultant.config.playbook import PlaybookError, load, parse

RULE = '[[rules]]\nid = "x"\nobjects = ["deals"]\nstep = "Call"\nreason = "why"\n'


def test_the_shipped_one_is_about_ten_rules() -> None:
    book = load()
    assert 8 <= len(book.rules) <= 14
    assert {o for rule in book.rules for o in rule.objects} == {"deals", "contacts", "leads"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (RULE + 'chanel = "call"\n', 'rule "x": unknown key "chanel". Did you mean "channel"?'),
        (RULE + 'when = { grads = ["A"] }\n', 'unknown key "when.grads". Did you mean "grades"?'),
        (RULE.replace("why", "{last_inbond}"), "did you mean {last_inbound}?"),
        (RULE.replace("why", "{last_inbound"), "braces that do not match"),
        (RULE + RULE, 'the id "x" is used twice'),
        (RULE.replace('"deals"', '"deal"'), 'rule "x": "objects"'),
        (RULE + "due_working_days = -1\n", "due_working_days"),
        ("colour = 1\n" + RULE, 'unknown key "colour"'),
        ("", '"rules" is missing'),
        ("[[rules]\n", "not valid TOML"),
    ],
)
def test_slips_are_told(text: str, told: str) -> None:
    with pytest.raises(PlaybookError) as caught:
        parse(text)
    assert told in str(caught.value)


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(RULE, encoding="utf-8")
    assert [r.id for r in load(path).rules] == ["x"]
    with pytest.raises(PlaybookError, match=r"nowhere\.toml"):
        load(tmp_path / "nowhere.toml")
