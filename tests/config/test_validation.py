"""What is wrong with settings and playbook is said in our words: the setting, what was given, what is allowed, an example."""

import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from sales_consultant.config.errors import ConfigError
from sales_consultant.config.language.validation import PATTERNS
from sales_consultant.config.playbook import Playbook, PlaybookError, parse
from sales_consultant.config.playbook import load as load_playbook
from sales_consultant.config.settings import Settings, load, made_connection

# What pydantic would say, in any of its versions.
THEIRS = (
    "Input should",
    "Field required",
    "Extra inputs",
    "Value error",
    "should have at",
    "unable to parse",
)
POPULATION = '[populations.p]\nevent = "won"\n'
CONNECTION = '[connections.a]\ncrm = "hubspot"\n'
RULE = '[[rules]]\nid = "x"\nobjects = ["deals"]\nstep = "Call"\nreason = "why"\n'


def refused(tmp_path: Path, text: str) -> ConfigError:
    path = tmp_path / "sales-consultant.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as e:
        load(path)
    return e.value


@pytest.mark.parametrize(
    ("text", "said", "example"),
    [
        ('[proof]\ncontrol_share = "abc"',
         '"proof.control_share" is "abc"; it must be a number from 0 to 0.5.',
         "In [proof] write, for example: control_share = 0.1"),
        ("[proof]\ncontrol_share = 0.7", '"proof.control_share" is 0.7; it must be a number from 0 to 0.5.', "= 0.1"),
        ("[guards]\nmax_share = nan", '"guards.max_share" is nan; it must be a number from 0 to 1.', "max_share = 0.5"),
        ("[guards]\nmax_records = -1", '"guards.max_records" is -1; it must be a whole number of at least 0.', "= 1000"),
        ("[guards]\nmax_records = 1.5", '"guards.max_records" is 1.5; it must be a whole number of at least 0.', "= 1000"),
        (f"[guards]\nmax_records = -{'9' * 60}", "is a number of more than 40 digits; it must be", "= 1000"),
        (CONNECTION + "limit_share = 0", "is 0; it must be a number above 0 and at most 1.", "limit_share = 0.7"),
        ("[value]\ndiscount_rate = 1", "is 1; it must be a number of at least 0 and below 1.", "discount_rate = 0"),
        (POPULATION, '"populations.p.object" is missing; it must be "contacts", "companies" or "deals".',
         'In [populations.p] write, for example: object = "contacts"'),
        (POPULATION + 'object = "deal"', 'is "deal"; it must be "contacts", "companies" or "deals".', 'object = "deals"'),
        (POPULATION + 'object = "deals"\nseller_features = "perhaps"', 'is "perhaps"; it must be true or false.', "= true"),
        (POPULATION + 'object = "deals"\nwhere = {amount = 5}',
         '"populations.p.where.amount" is 5; it must be a text or a list of texts.', ""),
        ('[write]\nlabel = ""', '"write.label" is empty; it must be a text of 1 to 40 letters.', "label = "),
        (f'[write]\nlabel = "{"ab " * 17}"', f'is "{"ab " * 13}…", which has 51 letters; it must be', "label = "),
        ('[write]\nprefix = "A"', "a lower-case letter, then at most 9 lower-case letters or digits.", 'prefix = "sc"'),
        ('[write]\nobjects = ["deal"]', '"write.objects", item 1, is "deal"; it must be "contacts",', ""),
        ("[write]\nnames = 3", '"write.names" is 3; it must be a table.', ""),
        ("schedule = 2026-01-31", '"schedule" is 2026-01-31; it must be a table.', ""),
        ('[exclude]\nown_domains = "acme.example"', "it must be a list of texts.", 'own_domains = ["acme.example"]'),
        ("time_zone = 5", '"time_zone" is 5; it must be a text.', 'Write, for example: time_zone = "5"'),
        ('time_zone = ["a"]', '"time_zone" is a list; it must be a text.', ""),
        ("[guards]\nmax_record = 5", 'unknown key "guards.max_record". Did you mean "max_records"?', ""),
    ],
)  # fmt: skip
def test_settings_are_refused_in_our_words(tmp_path: Path, text: str, said: str, example: str) -> None:
    error = refused(tmp_path, text)
    assert said in error.message
    assert example in error.action and error.action
    assert not [t for t in THEIRS if t in error.message]
    assert len(error.message.splitlines()) == 2


def test_each_problem_has_its_line_and_each_example_too(tmp_path: Path) -> None:
    error = refused(tmp_path, '[proof]\ncontrol_share = 1\n[guards]\nmax_share = 2\n[write]\nset = "al"')
    assert len(error.message.splitlines()) == 4
    assert error.action.splitlines() == [
        'In [write] write, for example: set = "all"',
        "In [guards] write, for example: max_share = 0.5",
        "In [proof] write, for example: control_share = 0.1",
    ]


@pytest.mark.parametrize(
    "text",
    [
        '[connections.a]\ncrm = "{}"',
        '[connections]\na = "{}"',
        '[connections.a]\ncrm = "hubspot"\nauth = "{}"',
        '[connections.a]\ncrm = "hubspot"\ntoken = ["{}"]',
        '[connections.a]\ncrm = "hubspot"\ntokn = "{}"',
        '[service]\nport = "{}"',
        '[service]\nalerts = "{}"',
        '[write]\nset = "{}"',
        '[write]\nlabel = "{} and more of it, so that it is too long"',
        '[exclude]\nown_domains = "{}"',
    ],
)
@pytest.mark.parametrize(
    "secret",
    ["pat-eu1-0123456789", "Q7x9Kd03Lw8Zp2Tv", "https://hooks.example/T0/B0", "a" * 40, "00D5g000004abcd!AQ"],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(tmp_path: Path, text: str, secret: str) -> None:
    told = str(refused(tmp_path, text.format(secret)).as_dict())
    assert secret not in told and secret[:12] not in told


@pytest.mark.parametrize("key", ["token", "client_id", "username", "domain", "url"])
def test_what_a_secret_key_holds_is_never_shown(tmp_path: Path, key: str) -> None:
    assert "4711" not in str(refused(tmp_path, f"{CONNECTION}{key} = 4711").as_dict())
    with pytest.raises(ConfigError) as e:
        made_connection({"crm": "hubspot", key: 4711})  # type: ignore[dict-item]
    assert "4711" not in str(e.value.as_dict())


def test_a_value_cannot_act_on_a_terminal(tmp_path: Path) -> None:
    error = refused(tmp_path, '[write]\nset = "a\\u001b[31m\\nb\\u202e"')
    assert 'is "a [31m b "; it must be' in error.message


def test_an_environment_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALES_CONSULTANT_GUARDS__MAX_RECORDS", "many")
    with pytest.raises(ConfigError) as e:
        load(None)
    assert (
        '"guards.max_records" (environment variable SALES_CONSULTANT_GUARDS__MAX_RECORDS) is "many"; it must be a '
        "whole number of at least 0."
    ) in e.value.message
    assert e.value.action == "Give SALES_CONSULTANT_GUARDS__MAX_RECORDS a value such as 1000."


def test_a_variable_for_a_section_must_be_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALES_CONSULTANT_CONNECTIONS", "pat-eu1-0123456789")
    with pytest.raises(ConfigError, match=r"SALES_CONSULTANT_CONNECTIONS.*holds no JSON") as e:
        load(None)
    assert "pat-" not in str(e.value.as_dict())


def test_a_file_that_cannot_be_read_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path)
    file = tmp_path / "latin.toml"
    file.write_bytes(b"# \xe9")
    with pytest.raises(ConfigError, match="cannot be read: it is no text in UTF-8"):
        load(file)
    with pytest.raises(PlaybookError, match="it is no text in UTF-8"):
        load_playbook(file)
    with pytest.raises(
        PlaybookError, match=r"nowhere\.toml cannot be read: No such file or directory\."
    ) as e:
        load_playbook(tmp_path / "nowhere.toml")
    assert e.value.action == "Check [next_steps] playbook."


@pytest.mark.parametrize(
    ("text", "said", "example"),
    [
        (RULE.replace("Call", "a"),
         'rule "x": "step" is "a", which has 1 letter; it must be a text of 3 to 120 letters.',
         'In rule "x" write, for example: step = "Call the customer"'),
        (RULE + "due_working_days = 90", '"due_working_days" is 90; it must be a whole number from 0 to 60.', "= 3"),
        (RULE.replace('["deals"]', "[]"), '"objects" is an empty list; it must be a list of values', '["deals"]'),
        (RULE.replace('"x"', '"No"'), 'rule "No": "id" is "No"; it must be 1 to 40 lower-case letters', "id = "),
        (RULE + 'when = { grades = ["E"] }', '"when.grades", item 1, is "E"; it must be "A", "B", "C" or "D".', ""),
        (RULE + "when = { score_min = 0 }", '"when.score_min" is 0; it must be a whole number from 1 to 99.', ""),
        (RULE + 'when = { unanswered = "maybe" }', '"when.unanswered" is "maybe"; it must be true or false.', ""),
        ('[[rules]]\nid = "x"\nobjects = ["deals"]\nstep = "Call"', 'rule "x": "reason" is missing;', "reason = "),
        ("rules = [5]", "rule 1: it is 5; it must be a table.", ""),
        ("rules = 5", '"rules" is 5; it must be a list of tables.', ""),
    ],
)  # fmt: skip
def test_a_playbook_is_refused_in_our_words(text: str, said: str, example: str) -> None:
    with pytest.raises(PlaybookError) as e:
        parse(text)
    assert said in str(e.value)
    assert example in e.value.action and e.value.action
    assert not [t for t in THEIRS if t in str(e.value)]


def models(kind: object) -> Iterator[type[BaseModel]]:
    """The models below a type."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        for field in kind.model_fields.values():
            yield from models(field.annotation)
    for one in typing.get_args(kind):
        yield from models(one)


def test_every_pattern_has_words_and_every_example_is_valid() -> None:
    used = set()
    for model in {m for top in (Settings, Playbook) for m in models(top)}:
        for name, field in model.model_fields.items():
            used |= {p for m in field.metadata if (p := getattr(m, "pattern", None))}
            for example in field.examples or ():
                # Other keys may be missing: only what is said of this one counts.
                model.__pydantic_validator__.validate_assignment(model.model_construct(), name, example)
    assert used == set(PATTERNS)
