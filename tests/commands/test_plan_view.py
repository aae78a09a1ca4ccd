"""What of a plan is shown: by object, by field, and how many records; the plan itself is not touched."""

import pytest
from support.example_runs import NOW, PLAN, plan

from sales_consultant.commands.output.plan import View, show
from sales_consultant.commands.output.writing.page import Page
from sales_consultant.config.errors import UsageError


def text(view: View) -> str:
    page = Page(width=100, now=NOW)
    show(page, PLAN, view)
    return page.text()


def test_only_the_objects_and_fields_that_were_asked_for() -> None:
    shown = View.of(["deals"], ["grade"], 10).chosen(PLAN.plan)
    assert [(e.record_id, [f[0] for f in e.fields]) for e in shown.entries] == [
        ("10000002920", ["grade"]),
        ("10000002921", ["grade"]),
    ]
    assert shown.looked_at == PLAN.plan.looked_at
    told = text(View.of([], ["segment"], 10))
    assert "companies/10000000950" in told and "deals/" not in told
    assert "Shown: 1 record" in told
    assert PLAN.plan.entries == plan().entries


def test_as_many_records_as_asked_for_and_the_number_of_the_others() -> None:
    assert "and 2 more" in text(View.of([], [], 1))
    assert "and 3 more" in text(View.of([], [], 0))
    assert " more\n" not in text(View.of([], [], 3))


@pytest.mark.parametrize(
    ("objects", "fields", "said"), [(["deal"], [], '--object "deal"'), ([], ["grde"], '--field "grde"')]
)
def test_a_name_that_is_not_known_is_refused(objects: list[str], fields: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        View.of(objects, fields, 10)
    assert "Did you mean" in refused.value.action
