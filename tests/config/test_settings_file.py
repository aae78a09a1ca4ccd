"""Settings are validated before anything else happens, and say what to write instead."""

from pathlib import Path

import pytest

from sales_consultant.config.errors import ConfigError
from sales_consultant.config.settings import find_file, load


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "sales-consultant.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[conections.a]\ncrm = "hubspot"', 'unknown key "conections". Did you mean "connections"?'),
        ('[connections.a]\ncrm = "hubspot"\ntokn = "x"', 'Did you mean "token"?'),
        ('[populations.p]\nobject = "deals"\nevent = "won"\nwere = {}', 'Did you mean "where"?'),
        ('[write]\nset = "big"', '"minimal", "standard" or "all"'),
        ('[guards]\nmax_records = "many"', '"guards.max_records"'),
        ('[connections.a]\ncrm = "zoho"', '"connections.a.crm"'),
        ('[connections."A B"]\ncrm = "hubspot"', 'connection name "A B"'),
    ],
)
def test_what_is_wrong_is_named_with_the_nearest_known_name(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as e:
        load(write(tmp_path, text))
    assert words in e.value.message
    assert e.value.code == 2


def test_a_playbook_is_looked_for_beside_the_settings(tmp_path: Path) -> None:
    """A service starts in another folder than the admin's."""
    path = write(tmp_path, '[next_steps]\nplaybook = "ours.toml"')
    assert load(path).next_steps.playbook == str(tmp_path / "ours.toml")
    path = write(tmp_path, f'[next_steps]\nplaybook = "{(tmp_path / "far" / "ours.toml").as_posix()}"')
    assert load(path).next_steps.playbook == str(tmp_path / "far" / "ours.toml")
    assert load(write(tmp_path, "[next_steps]\nmax_new_per_owner = 3")).next_steps.playbook == ""


BIG = '[populations.big]\nobject = "deals"\nevent = "won"\n'
SMALL = '[populations.small]\nobject = "deals"\nevent = "won"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BIG + SMALL + 'parent = "bigg"', 'Did you mean "big"?'),
        (BIG + SMALL + 'parent = "small"', "cannot borrow from itself"),
        (BIG + 'parent = "small"\n' + SMALL + 'parent = "big"', "borrows from"),
        (BIG + SMALL + 'parent = "big"\n' + SMALL.replace("small", "tiny") + 'parent = "small"', "a chain"),
        (BIG.replace("deals", "companies") + SMALL + 'parent = "big"', 'its object is "companies"'),
        (
            BIG.replace("deals", "contacts").replace("won", "converted")
            + SMALL.replace("deals", "contacts").replace("won", "deal_opened")
            + 'parent = "big"',
            'its event is "converted"',
        ),
        (BIG + SMALL + 'horizon_days = 30\nparent = "big"', "looks as far ahead"),
        (BIG + SMALL + 'seller_features = false\nparent = "big"', "what the seller did"),
    ],
)
def test_a_parent_that_cannot_lend_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as e:
        load(write(tmp_path, text))
    assert words in e.value.message
    assert "parent" in e.value.message


def test_a_parent_of_the_same_question_may_lend(tmp_path: Path) -> None:
    settings = load(
        write(tmp_path, BIG + "horizon_days = 30\n" + SMALL + 'horizon_days = 30\nparent = "big"')
    )
    assert settings.populations["small"].parent == "big"


def test_broken_toml_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="line 2"):
        load(write(tmp_path, "[write]\nset = = 1"))


def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    secret = "pat-eu1-0123456789abcdef"
    with pytest.raises(ConfigError) as e:
        load(write(tmp_path, f'[connections.a]\ncrm = "hubspot"\ntoken = "{secret}"'))
    assert secret not in str(e.value.as_dict())
    assert "login" in e.value.message


def test_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALES_CONSULTANT_WRITE__SET", "minimal")
    settings = load(write(tmp_path, '[write]\nset = "all"\nfirst = 10'))
    assert (settings.write.set, settings.write.first) == ("minimal", 10)


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--config"):
        find_file(str(tmp_path / "no.toml"), environ={})
    with pytest.raises(ConfigError, match="SALES_CONSULTANT_CONFIG"):
        find_file(None, environ={"SALES_CONSULTANT_CONFIG": str(tmp_path / "no.toml")})


def test_the_only_connection_is_the_default_and_two_need_a_choice(tmp_path: Path) -> None:
    one = load(write(tmp_path, '[connections.a]\ncrm = "hubspot"'))
    assert one.connection()[0] == "a"
    two = load(write(tmp_path, '[connections.a]\ncrm = "hubspot"\n[connections.b]\ncrm = "salesforce"'))
    with pytest.raises(ConfigError, match="There are 2 connections"):
        two.connection()
    with pytest.raises(ConfigError, match='No connection is called "c"'):
        two.connection("c")
    with pytest.raises(ConfigError, match="No connection is configured"):
        load(None).connection()
