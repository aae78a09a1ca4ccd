"""What a playbook says by mistake: refused with its place, all at once, or named by `playbook check`."""

import pytest

from sales_consultant.config.playbook import PlaybookError, load, parse
from sales_consultant.config.playbook.conversion import converted
from sales_consultant.config.playbook.findings import findings
from sales_consultant.config.playbook.positions import Position, find


def rule(when: str = "'score >= 3'", objects: str = '["deals"]', **more: str) -> str:
    keys = {"id": '"x"', "objects": objects, "when": when, "step": '"Call"', "reason": '"why"', **more}
    return "[[rules]]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items() if v)


def told(text: str) -> list[str]:
    with pytest.raises(PlaybookError) as caught:
        parse(text, name="mine.toml")
    return str(caught.value).splitlines()[1:]


@pytest.mark.parametrize("when", ["true", "1 == 1", "not false", "true or score > 3", "2 > 1 and true"])
def test_a_condition_that_always_holds_is_a_mistake(when: str) -> None:
    (line,) = told(rule(f"'{when}'"))
    assert line.startswith('mine.toml:4:9: rule "x": when: ') and line.endswith(
        "is always true; say what must hold"
    )


@pytest.mark.parametrize("when", ["{}", "{ grades = [] }", ""])
def test_a_rule_of_an_earlier_release_without_a_condition_is_named(when: str) -> None:
    book = parse(rule(when))
    (found,) = findings(book.rules)
    assert (found.kind, found.rule) == ("no condition", "x") and "holds for all deals" in found.text
    assert parse(converted(rule(when))[0]) == book


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("due_working_days", '"3"'),
        ("due_working_days", "3.0"),
        ("due_working_days", "true"),
        ("share", '"0.1"'),
        ("share", "nan"),
        ("cost", "inf"),
        ("cost", "true"),
        ("evidence", '"30"'),
        ("cooling_off_days", "2.0"),
        ("pause", '"yes"'),
        ("pause", "1"),
        ("when", '{ score_min = "3" }'),
        ("when", "{ unanswered = 1 }"),
        ("step", "12"),
    ],
)
def test_a_value_of_another_type_is_a_mistake(key: str, value: str) -> None:
    (line,) = told(rule(**{key: value}))
    assert key in line and line.startswith("mine.toml:")


def test_a_whole_number_is_a_number() -> None:
    (one,) = parse(rule(cost="5", share="0", when="{ amount_min = 10, grades = ['A'] }")).rules
    assert (one.cost, one.share) == (5, 0)


@pytest.mark.parametrize(
    "more",
    [
        {"reason": '"Close {close_date} of {stage} {amount}"'},
        {"draft": '{ subject = "{close_date}", body = "{stage} {amount}" }'},
        {"translations": '{ zh = { step = "{close_date}", reason = "{stage}{amount}" } }'},
    ],
)
def test_words_that_are_not_known_of_the_objects_are_mistakes(more: dict[str, str]) -> None:
    lines = told(rule(objects='["companies", "contacts"]', **more))
    assert [line.split(": ", 2)[2] for line in lines] == [
        f"{{{w}}} is known of deals only, the rule is for companies, contacts"
        for w in ("close_date", "stage", "amount")
    ]


def test_a_word_must_be_known_where_the_condition_can_hold() -> None:
    both = '["deals", "companies"]'
    assert findings(parse(rule("'has_amount and score > 3'", both, reason='"{amount}"')).rules) == []
    (found,) = findings(parse(rule(objects=both, reason='"{amount}"')).rules)
    assert (found.kind, found.text) == ("unknown word", '"x" says {amount}, which is not known of companies.')
    (line,) = told(rule("'no_email and score > 3'", '["contacts", "companies"]', reason='"{amount}"'))
    assert line.endswith("{amount} is known of deals only, the rule is for contacts")


@pytest.mark.parametrize(
    ("when", "word"),
    [
        ('recommended_product == ""', "product"),
        ('score > 3 and recommended_product in [""]', "product"),
        ("not has_amount", "amount"),
        ("not has_close_date and stage == 'Offer'", "close_date"),
        ("inbound == 0", "last_inbound"),
        ("outbound < 1", "last_outbound"),
        ("meetings == 0 and unanswered", "last_meeting"),
        ("not customer", "last_purchase"),
        ("purchases == 0", "first_purchase"),
    ],
)
def test_a_word_that_the_condition_says_is_empty_is_named(when: str, word: str) -> None:
    quoted = f'"""{when}"""'
    (found,) = findings(parse(rule(quoted, step=f'"Offer {{{word}}}"')).rules)
    assert found.kind == "empty word" and f"{{{word}}}" in found.text
    assert findings(parse(rule(quoted)).rules) == []


def test_the_delivered_playbook_has_no_findings() -> None:
    assert findings(load().rules) == []


INLINE = """# mine
rules = [
    { id = "a", objects = ["deals"], when = "scor > 1", step = "abc", reason = "a [ in { quotes" },
    # { id = "no rule" }
    { id = "b", objects = ["deals"], when = "score > 1", step = "abc", reason = "when = {nothing", pause = "x" },
    { id = "c", objects = ["companies"], when = "score > 1", step = "abc {stage}", reason = "abc" }, { id = "a",
      objects = ["deals"], when = 'true', step = "abc", reason = "abc" },
]
"""


def test_mistakes_in_inline_tables_have_their_line() -> None:
    # TOML 1.0 has inline tables of one line only.
    text = INLINE.replace('{ id = "a",\n      objects', '{ id = "a", objects')
    assert [line.split(": ", 1)[0] for line in told(text)] == [
        "mine.toml:3:46",
        "mine.toml:3:81",
        "mine.toml:5:82",
        "mine.toml:5:109",
        "mine.toml:6:5",
        "mine.toml:6:110",
        "mine.toml:6:143",
    ]


@pytest.mark.parametrize(
    ("text", "number", "key", "place"),
    [
        ('rules = [{ id = "a" }, { id = "b" }]', 1, "id", (1, 32)),
        ('rules = [\n{ id = "a" },\n{ "id" = "b" }]', 1, "id", (3, 11)),
        ('rules = [\n{ id = "a" },\n{ id = "b" }]', 1, "step", (3, 1)),
        ('rules = [\n{ draft = { step = "a" }, step = "b" }]', 0, "step", (2, 35)),
        ('rules = [\n{ id = "a" }]', 4, "id", (1, 1)),
        ('rules = [\n{ draft.body = "a" }]', 0, "draft", (2, 9)),
    ],
)
def test_a_key_of_an_inline_table_is_found(text: str, number: int, key: str, place: tuple[int, int]) -> None:
    assert find(text, "rules", number, key) == Position(*place)


def test_mistakes_of_every_kind_are_told_at_once() -> None:
    text = (
        rule("'scor > 3'")
        + rule(
            "'tier == 1'", '["companies"]', id='"y"', reason='"{stage} {last_inbond}"', due_working_days='"3"'
        )
        + rule(id='"x"', step='"Call {contact"')
        + 'colour = "red"\n'
    )
    lines = told(text)
    assert len(lines) == 6
    for part, line in zip(
        ("scor", "due_working_days", "last_inbond", "used twice", "braces", "colour"),
        sorted(lines),
        strict=False,
    ):
        assert any(part in one for one in lines), (part, line)
    numbers = [int(line.split(":")[1]) for line in lines]
    assert numbers == sorted(numbers)
