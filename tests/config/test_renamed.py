"""A key that was renamed goes on working, with a line that says its new name."""

from pathlib import Path

import pytest

from sales_consultant.config.renamed import RENAMED, renewed
from sales_consultant.config.settings import Settings, load

OLD = '[connections.main]\ncrm = "hubspot"\n\n[pull]\ncomputed_days = 3\n'


def test_an_old_key_works_and_is_named_with_its_new_name(tmp_path: Path) -> None:
    file = tmp_path / "sales-consultant.toml"
    told: list[str] = []
    file.write_text(OLD, encoding="utf-8")
    assert load(file, told.append).pull.computed_fields_days == 3
    said = 'The setting "pull.computed_days" is called "pull.computed_fields_days" since version 0.2. '
    assert told == [said + "Write it so; the old name still works."]


def test_where_both_are_there_the_new_one_counts(tmp_path: Path) -> None:
    file = tmp_path / "sales-consultant.toml"
    told: list[str] = []
    file.write_text(OLD + "computed_fields_days = 5\n", encoding="utf-8")
    assert load(file, told.append).pull.computed_fields_days == 5
    assert "the new one counts" in told[0]


@pytest.mark.parametrize("values", [{}, {"pull": 3}, {"pull": {"reconcile_days": 1}}])
def test_what_has_no_old_key_is_left_alone(values: dict[str, object]) -> None:
    told: list[str] = []
    assert renewed(values, told.append) == values
    assert told == []


def test_every_new_name_is_a_setting() -> None:
    for new, _ in RENAMED.values():
        values: object = 1
        for part in reversed(new):
            values = {part: values}
        assert isinstance(values, dict)
        Settings(**values)


def test_an_old_key_in_the_environment_works_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SALES_CONSULTANT_PULL__COMPUTED_DAYS", "4")
    assert load(None).pull.computed_fields_days == 4
    assert "pull.computed_fields_days" in caplog.text
