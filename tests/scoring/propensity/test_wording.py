"""Reasons in words: the same from night to night, and safe whatever the CRM holds."""

import math
import re
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import programs

from sales_consultant.config import playbook
from sales_consultant.scoring.features.declarations import Feature, Group, Kind, Words
from sales_consultant.scoring.propensity import wording
from sales_consultant.scoring.propensity.wording import clean, say, say_all

MEETINGS = Group("m", "buyer", Words("count", "meeting", "meetings", "no meeting in the last 3 months"))
COUNTS = [Feature(f"m_{w}", "activities", "m", aggregate="count", window=w) for w in (14, 30, 90)] + [
    Feature("m_since", "activities", "m", aggregate="days_since_last")
]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((3, 4, 5, 2), "3 meetings in the last 2 weeks"),
        ((0, 1, 5, 20), "1 meeting in the last month"),
        ((0, 0, 2, 60), "2 meetings in the last 3 months"),
        ((0, 0, 0, 120), "last meeting more than 3 months ago"),
        ((0, 0, 0, None), "no meeting in the last 3 months"),
    ],
)
def test_the_shortest_window_is_told(values: tuple[float, ...], text: str) -> None:
    row = dict(zip(("m_14", "m_30", "m_90", "m_since"), values, strict=True))
    assert say(MEETINGS, COUNTS, row) == text


@pytest.mark.parametrize(
    ("words", "value", "text"),
    [
        (Words("category", "stage", names={"x1": "Demo"}), "x1", "stage: Demo"),
        (Words("category", "Region"), None, "Region unknown"),
        (Words("amount", "amount", none="no amount"), 7300.0, "amount: 5,000 to 10,000"),
        (Words("amount", "amount", none="no amount"), float("nan"), "no amount"),
        (Words("duration", "open for"), 40.0, "open for 1 to 3 months"),
        (Words("until", "close date", none="no close date"), -3.0, "close date passed less than a week ago"),
        (Words("until", "close date", none="no close date"), 20.0, "close date in 2 to 4 weeks"),
        (Words("flag", "a meeting is planned", none="no meeting planned"), 1.0, "a meeting is planned"),
        (Words("number", "contacts", none="no contact"), 0.0, "no contact"),
        (Words("rate", "they answer e-mails", none="no e-mail sent"), 0.0, "they answer e-mails: never"),
        (Words("rate", "they answer e-mails", none="no e-mail sent"), 0.6, "they answer e-mails: often"),
        (Words("rate", "they answer e-mails", none="no e-mail sent"), None, "no e-mail sent"),
        (
            Words("ratio", "amount against the pipeline's"),
            3.0,
            "amount against the pipeline's: more than double",
        ),
        (Words("number", "Page views"), 23.0, "Page views: 20 to 50"),
    ],
)
def test_each_kind(words: Words, value: object, text: str) -> None:
    assert say(Group("g", "neutral", words), [Feature("f", "s", "g")], {"f": value}) == text


def test_text_of_the_crm_is_made_harmless() -> None:
    assert clean("a\x1b[31m\nb\u202ec") == "a [31m b c"
    assert len(clean("x" * 200)) == 40


@pytest.mark.slow
def test_the_room_loads_what_fits_models_only_when_it_fits() -> None:
    code = (
        "import sys; from sales_consultant.scoring import scorer, model_file, training, customers, next_steps; "
        "print(sorted({'sklearn', 'ibis', 'scipy', 'interpret', 'matplotlib'} & set(sys.modules)))"
    )
    out = programs.run([sys.executable, "-c", code], check=True).stdout
    assert out.strip() == "[]"


NUMBERS = st.one_of(
    st.none(),
    st.sampled_from([0.0, -0.0, 1.0, 9.99, 10.0, 20.0, 50.0, 99.99, 100.0, 0.02, 0.25, 0.5, 0.8, 1.25, 2.0, 7.0, 14.0, 365.0]),
    st.integers(-10_000, 10_000_000).map(float),
    st.floats(-1e6, 1e9, allow_nan=False),
    st.floats(0, 12, allow_nan=False),
)  # fmt: skip


def each(group: Group, features: list[Feature], frame: pd.DataFrame) -> list[str]:
    rows = frame.to_dict("records")
    return [say(group, features, {str(k): v for k, v in row.items()}) for row in rows]


def all_of(group: Group, features: list[Feature], frame: pd.DataFrame) -> list[str]:
    texts, which = say_all(group, features, frame)
    return [texts[k] for k in which]


KINDS: list[Kind] = ["duration", "amount", "number", "flag", "until", "rate", "ratio"]


@given(st.sampled_from(KINDS), st.lists(NUMBERS, min_size=1, max_size=30), st.booleans())
def test_all_rows_are_said_as_each_is(kind: Kind, values: list[float | None], none: bool) -> None:
    group = Group("g", "neutral", Words(kind, "label", none="nothing" if none else ""))
    frame = pd.DataFrame({"f": pd.Series(values, dtype="float64")})
    feature = [Feature("f", "s", "g")]
    # 999.99…: the logarithm may say one thousand, of which no step is below it.
    frame = frame[[v is None or not math.log10(max(abs(v), 1)) % 1 > 1 - 1e-9 for v in values]]
    assert all_of(group, feature, frame) == each(group, feature, frame)


@pytest.mark.slow
@given(st.lists(st.tuples(*[st.one_of(st.none(), st.integers(0, 12).map(float))] * 4), max_size=30))
def test_all_counts_are_said_as_each_is(values: list[tuple[float | None, ...]]) -> None:
    frame = pd.DataFrame(values, columns=[f.name for f in COUNTS], dtype="float64")
    for some in (COUNTS, COUNTS[1:3]):
        assert all_of(MEETINGS, some, frame) == each(MEETINGS, some, frame)


@given(st.lists(st.sampled_from(["a", "b", None, True, 1, 1.0, "True", "1"]), max_size=12))
def test_all_texts_are_said_as_each_is(values: list[object]) -> None:
    group = Group("g", "neutral", Words("category", "stage", names={"a": "Demo"}))
    frame = pd.DataFrame({"f": pd.Series(values, dtype=object)})
    feature = [Feature("f", "s", "g")]
    assert all_of(group, feature, frame) == each(group, feature, frame)


STAGE = Group("stage", "neutral", Words("category", "stage", names={"n": "Negotiation"}))


@pytest.mark.parametrize(
    ("row", "speaks_for", "text"),
    [
        ({"stage": "n"}, True, "in Negotiation"),
        (
            {"stage": "n", "stages_passed": 2.0, "age_slowness": 0.3},
            True,
            "in Negotiation, faster than usual",
        ),
        ({"stage": "n", "stages_passed": 0.0, "age_slowness": 0.3}, True, "in Negotiation"),
        (
            {"stage": "n", "stages_passed": 2.0, "age_slowness": 0.3, "stage_slowness": 1.4},
            True,
            "in Negotiation, faster than usual",
        ),
        # Quick so far, and stuck now: a step says of it that it is there twice as long as usual.
        (
            {"stage": "n", "stages_passed": 2.0, "age_slowness": 0.3, "stage_slowness": 2.0},
            True,
            "in Negotiation",
        ),
        ({"stage": "n", "stage_slowness": 2.0}, True, "in Negotiation"),
        ({"stage": "n", "stage_slowness": 2.0}, False, "in Negotiation, longer than usual"),
        ({"stage": "n", "moved_back": 1.0}, False, "in Negotiation, after a step back"),
        ({"stage": None, "moved_back": 1.0}, False, ""),
        ({"stage": "other\nstage"}, False, "in other stage"),
    ],
)
def test_how_a_deal_came(row: dict[str, Any], speaks_for: bool, text: str) -> None:
    assert wording.progress(STAGE, row, speaks_for=speaks_for) == text
    frame = pd.DataFrame([row, row])
    texts, which = wording.progress_all(STAGE, frame, np.array([speaks_for, speaks_for]))
    assert [texts[k] for k in which] == [text, text]


def test_what_a_step_says_of_a_long_stay_a_reason_against_the_deal_says_too() -> None:
    """One definition of what is usual, the step's limit being the higher one."""
    limits = [
        float(found.group(1))
        for r in playbook.load().rules
        if "long as usual" in r.reason and (found := re.search(r"stage_slowness >= ([\d.]+)", r.when))
    ]
    assert limits
    for least in limits:
        row = {"stage": "n", "stages_passed": 1.0, "age_slowness": 0.1, "stage_slowness": least}
        assert wording.progress(STAGE, row, speaks_for=False) == "in Negotiation, longer than usual"
        assert "faster" not in wording.progress(STAGE, row, speaks_for=True)
