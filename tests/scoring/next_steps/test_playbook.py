"""The playbook file: what it may say, and how slips are told."""

from pathlib import Path

import pytest

from sales_consultant.config.playbook import PlaybookError, load, parse

RULE = '[[rules]]\nid = "x"\nobjects = ["deals"]\nstep = "Call"\nreason = "why"\n'


def test_the_delivered_one() -> None:
    book = load()
    assert len(book.rules) >= 25
    assert {o for rule in book.rules for o in rule.objects} == {"deals", "contacts", "leads", "companies"}


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ('"scor >= 3"', 'mine.toml:6:9: rule "x": when: the name "scor" is not known; did you mean score?'),
        ('"unanswered and scor >= 3"', 'mine.toml:6:24: rule "x"'),
        ("'grade == \"E\"'", 'grade is never "E"; it is one of A, B, C, D'),
        ("'grade > 3'", "mine.toml:6:9: "),
        ('"has_owner or not has_owner"', '"has_owner or not has_owner" is always true'),
        ('"score > 5 and score < 3"', "can never be true"),
        (
            "{ scoremin = 3 }",
            'mine.toml:6:8: rule "x": unknown key "when.scoremin". Did you mean "score_min"?',
        ),
        (
            '"tier == 1 and days_in_stage > 3"',
            "days_in_stage is known of deals only, the rule is for companies",
        ),
        ("3", "when"),
    ],
)
def test_a_condition_is_told_with_file_line_and_column(when: str, told: str) -> None:
    text = RULE.replace('"deals"', '"companies"') if "tier" in when else RULE
    with pytest.raises(PlaybookError) as caught:
        parse(text + f"when = {when}\n", name="mine.toml")
    assert told in str(caught.value)


def test_all_mistakes_are_told_at_once() -> None:
    text = RULE + "when = 'scor > 3'\n\n" + RULE.replace('"x"', '"y"') + "when = 'stag == \"a\"'\n"
    with pytest.raises(PlaybookError) as caught:
        parse(text, name="mine.toml")
    assert [line.split(": ")[0] for line in str(caught.value).splitlines()[1:]] == [
        "mine.toml:6:9",
        "mine.toml:13:9",
    ]


@pytest.mark.parametrize(
    ("table", "expression"),
    [
        (
            'grades = ["A", "B"], days_since_outbound_min = 7',
            'grade in ["A", "B"] and days_without_outbound >= 7',
        ),
        ("unanswered = false, has_amount = true", "not unanswered and has_amount"),
        ("close_date_within_days = 14", "days_to_close_date >= 0 and days_to_close_date <= 14"),
        ('stages = ["Offer"]', '(stage in ["Offer"] or stage_id in ["Offer"])'),
        ("days_since_inbound_max = 3, contacts_max = 1", "days_since_inbound <= 3 and contacts <= 1"),
        ("stage_slowness_min = 1.5, amount_min = 10", "stage_slowness >= 1.5 and amount >= 10"),
        ("", "true"),
    ],
)
def test_the_keys_of_earlier_releases_say_the_same(table: str, expression: str) -> None:
    (rule,) = parse(RULE + f"when = {{ {table} }}\n").rules
    assert set(rule.when.split(" and ")) == set(expression.split(" and "))


@pytest.mark.parametrize("text", ["{score:>99999}", "{score!r}", "{score.real}", "{0}", "{}"])
def test_words_are_words_only(text: str) -> None:
    with pytest.raises(PlaybookError):
        parse(RULE.replace("why", text))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (RULE + 'chanel = "call"\n', 'rule "x": unknown key "chanel". Did you mean "channel"?'),
        (RULE + 'when = { grads = ["A"] }\n', 'unknown key "when.grads". Did you mean "grades"?'),
        (RULE.replace("why", "{last_inbond}"), "did you mean {last_inbound}?"),
        (RULE.replace("why", "{last_inbound"), "braces that do not match"),
        (RULE + RULE, 'playbook:7:7: rule 2: the id "x" is used twice'),
        (RULE.replace('"x"', '"prepare"'), "where something is planned"),
        ('[planned]\nstep = "{knd}"\n' + RULE, "playbook:2:9: "),
        ('planned.reason = "{dat}"\n' + RULE, "playbook:1:1: "),
        ('[planned.translations.zh]\nstep = "{day}"\nreason = "x"\n' + RULE, "{day} is not known"),
        (
            'rules = [{ id = "x", objects = ["deals"], when = "scor > 1", step = "abc", reason = "abc" }]',
            "playbook:1:51: ",
        ),
        (RULE.replace('"deals"', '"deal"'), 'rule "x": "objects"'),
        (RULE + "due_working_days = -1\n", "due_working_days"),
        ("colour = 1\n" + RULE, 'playbook:1:1: unknown key "colour"'),
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
