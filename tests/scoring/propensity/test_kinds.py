"""A column is used, or it is said why not; what a model learnt from as one kind is not read as another."""

import datetime
import decimal
import enum
import fractions
import json
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sales_consultant.scoring.core.errors import ScoringError
from sales_consultant.scoring.propensity.propensity import PropensityModel

N = 400
RNG = np.random.default_rng(1)
A = RNG.normal(size=N)
Y = (RNG.random(N) < 1 / (1 + np.exp(-1.5 * A))).astype(int)
DAYS = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(N) % 97, unit="D"))
SPANS = pd.Series(pd.to_timedelta(np.arange(N) % 7, unit="D"))
FLAGS = pd.Series(np.arange(N) % 3 == 0)


class Colour(enum.Enum):
    """What a column of enumerations holds."""

    RED = 1


def cells(make: Any) -> "pd.Series[Any]":
    return pd.Series([make(i) for i in range(N)], dtype=object)


def fitted(X: pd.DataFrame) -> PropensityModel:
    """A model that went through its file."""
    model = PropensityModel(tier="shrunk", audit=[]).fit(X, Y)
    again = PropensityModel.from_dict(json.loads(json.dumps(model.to_dict())))
    assert again.unused_ == model.unused_ and again.kinds_ == model.kinds_
    assert (again.predict_proba(X) == model.predict_proba(X)).all()
    return again


USED = {
    "times of NumPy": (cells(lambda i: np.datetime64(DAYS[i])), "time"),
    "dates and times": (cells(lambda i: DAYS[i].date() if i % 2 else DAYS[i]), "time"),
    "times of two zones": (cells(lambda i: DAYS[i].tz_localize("UTC" if i % 2 else "Asia/Tokyo")), "time"),
    "the last year": (cells(lambda i: datetime.date(9999 if i % 3 else 2024, 12, 31)), "time"),
    "Arrow times": (DAYS.astype(pd.ArrowDtype(pa.timestamp("us"))), "time"),
    "Arrow dates": (DAYS.astype(pd.ArrowDtype(pa.date32())), "time"),
    "Arrow durations": (SPANS.astype(pd.ArrowDtype(pa.duration("us"))), "duration"),
    "durations of NumPy": (cells(lambda i: np.timedelta64(i % 7, "h")), "duration"),
    "Arrow numbers": (pd.Series(np.arange(N) % 5).astype(pd.ArrowDtype(pa.int64())), "number"),
    "Arrow decimals": (cells(lambda i: decimal.Decimal(i % 5)).astype(pd.ArrowDtype(pa.decimal128(9, 2))), "number"),
    "fractions": (cells(lambda i: fractions.Fraction(i % 3, 7)), "number"),
    "Arrow flags": (FLAGS.astype(pd.ArrowDtype(pa.bool_())), "flag"),
    "flags with gaps": (cells(lambda i: True if i % 3 else None), "flag"),
    "Arrow texts": (cells(lambda i: "xyz"[i % 3]).astype(pd.ArrowDtype(pa.string())), "text"),
    "intervals": (pd.Series(pd.cut(A, 4)), "text"),
}  # fmt: skip


@pytest.mark.parametrize("name", USED)
def test_a_column_is_used_as_what_it_is(name: str) -> None:
    column, kind = USED[name]
    model = fitted(pd.DataFrame({"a": A, "k": column}))
    assert "k" in model.columns_ and model.kinds_["k"] == kind and model.unused_ == {}
    coded = {c["name"]: c["kind"] for c in model.form_.to_dict()["codes"]}["k"]
    assert coded == ("level" if kind in ("text", "flag") else "number")


UNUSED = {
    "complex": (cells(lambda i: complex(i % 3, 1)), "cells of complex: give the parts"),
    "some complex": (cells(lambda i: complex(i % 3, 1) if i % 2 else i), "cells of complex: give the parts"),
    "tuples": (cells(lambda i: (i % 3, 1)), "cells of tuple: give each part"),
    "a category of tuples": (cells(lambda i: (i % 3,)).astype("category"), "cells of tuple: give each part"),
    "Arrow lists": (cells(lambda i: [i % 3]).astype(pd.ArrowDtype(pa.list_(pa.int64()))), "give each part"),
    "one list": (cells(lambda i: "x" if i else [1]), "cells of list: give each part"),
    "bytes": (cells(lambda i: b"a" if i % 3 else b"b"), "cells of bytes"),
    "Arrow bytes": (cells(lambda i: b"a" if i % 3 else b"b").astype(pd.ArrowDtype(pa.binary())), "cells of bytes"),
    "enumerations": (cells(lambda _: Colour.RED), "cells of Colour"),
    "UUIDs": (cells(lambda i: uuid.UUID(int=i % 3)), "cells of UUID"),
    "times of day": (cells(lambda i: datetime.time(i % 24)), "cells of time"),
    "ranges": (cells(lambda i: range(i % 3)), "cells of range"),
    "frames": (cells(lambda _: pd.DataFrame()), "cells of DataFrame: give each part"),
    "times and texts": (cells(lambda i: DAYS[i] if i % 2 else "soon"), "cells of texts and times in one column"),
    "times and numbers": (cells(lambda i: DAYS[i] if i % 2 else 1.5), "cells of numbers and times in one column"),
    "one number": (pd.Series(1.0, index=range(N)), "one value in all rows"),
    "one text": (pd.Series(["x"] * N), "one value in all rows"),
    "one flag": (pd.Series([True] * N), "one value in all rows"),
    "one time": (pd.Series([DAYS[0]] * N), "one value in all rows"),
    "gaps": (pd.Series([None] * N, dtype=object), "no row has a value"),
    "gaps among times": (pd.Series([pd.NaT] * N), "no row has a value"),
    "infinity": (pd.Series(np.inf, index=range(N)), "no row has a value"),
    "ids": (cells(lambda i: f"id{i}"), "names single records"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNUSED)
def test_a_column_that_is_not_used_is_said_with_why(name: str) -> None:
    column, why = UNUSED[name]
    X = pd.DataFrame({"a": A, "k": column})
    model = fitted(X)
    assert model.columns_ == ["a"] and why in model.unused_["k"]
    # What it holds later does not matter.
    for other in (cells(str), DAYS, cells(lambda _: decimal.Decimal("sNaN"))):
        assert (model.predict_proba(X.assign(k=other)) == model.predict_proba(X)).all()
    assert set(model.explain(X.head(2))["feature"]) == {"a", "k"}


def test_an_array_of_objects_says_the_same() -> None:
    values = np.empty((N, 2), dtype=object)
    values[:, 0], values[:, 1] = A, [(i % 3, 1) for i in range(N)]
    model = PropensityModel(tier="shrunk", audit=[]).fit(values, Y)
    assert model.unused_ == {"x1": "cells of tuple: give each part a column of its own"}


def test_an_array_of_bytes_is_not_used_and_a_wrong_top_is_refused() -> None:
    model = PropensityModel(tier="shrunk", audit=[]).fit(np.array([[b"a"], [b"b"]] * (N // 2)), Y)
    assert "cells of bytes" in model.unused_["x0"]
    for top in (-1, "all", 1.5):
        with pytest.raises(ScoringError, match="top must be a number of columns"):
            model.explain(np.array([[b"a"]]), top=top)  # type: ignore[arg-type]


def test_columns_of_any_name_are_read() -> None:
    X = pd.DataFrame({"self": SPANS, "a": A})
    assert (
        fitted(X).predict_proba(X)
        == fitted(X.rename(columns={"self": "k"})).predict_proba(X.rename(columns={"self": "k"}))
    ).all()


@pytest.mark.parametrize("cell", [(1,), 1j, b"a", DAYS[0]])
def test_a_cell_far_down_of_another_kind_names_its_column(cell: Any) -> None:
    values = pd.Series(["x" if n % 3 else "y" for n in range(10_200)], dtype=object)
    values.iloc[10_100] = cell
    with pytest.raises(ScoringError, match="column word"):
        PropensityModel(tables=False).fit(pd.DataFrame({"word": values, "b": 1.0}), np.arange(10_200) % 2)


FRAME = pd.DataFrame(
    {
        "a": A,
        "day": DAYS,
        "span": SPANS,
        "flag": FLAGS,
        "word": np.array(list("xyzw") * (N // 4), dtype=object),
    }
)


def one(column: str, cell: Any) -> "pd.Series[Any]":
    changed = FRAME[column].astype(object).copy()
    changed.iat[0] = cell
    return changed


@pytest.fixture(scope="module")
def model() -> PropensityModel:
    return fitted(FRAME)


SAME = {
    "numbers as texts": ("a", FRAME["a"].astype(str)),
    "numbers as a category": ("a", pd.Series(pd.Categorical(A))),
    "numbers as decimals": ("a", cells(lambda i: decimal.Decimal(str(A[i])))),
    "times as ISO": ("day", DAYS.astype(str)),
    "times as a category of ISO": ("day", DAYS.astype(str).astype("category")),
    "times as dates": ("day", cells(lambda i: DAYS[i].date())),
    "times with a zone": ("day", DAYS.dt.tz_localize("UTC")),
    "times of NumPy": ("day", cells(lambda i: np.datetime64(DAYS[i]))),
    "durations as texts": ("span", SPANS.astype(str)),
    "durations as objects": ("span", cells(lambda i: SPANS[i].to_pytimedelta())),
    "flags as numbers": ("flag", FLAGS.astype(float)),
    "flags as texts": ("flag", FLAGS.map({True: "True", False: "False"})),
    "flags as texts of numbers": ("flag", FLAGS.map({True: "1", False: "0"})),
    "nullable flags": ("flag", FLAGS.astype("boolean")),
    "words as a category": ("word", FRAME["word"].astype("category")),
}


@pytest.mark.parametrize("name", SAME)
def test_the_same_values_written_otherwise_are_read_as_learnt(model: PropensityModel, name: str) -> None:
    column, values = SAME[name]
    assert model.predict_proba(FRAME.assign(**{column: values})) == pytest.approx(model.predict_proba(FRAME))


OTHER = {
    "times for numbers": ("a", DAYS, "a was learnt from as a number, and holds a time"),
    "a time among numbers": ("a", one("a", DAYS[0]), "a was learnt from as a number, .* numbers and times in one"),
    "a list among numbers": ("a", one("a", [1]), "a was learnt from as a number, and holds cells of list"),
    "durations for numbers": ("a", SPANS, "a was learnt from as a number, and holds a duration"),
    "periods for numbers": ("a", pd.Series(pd.PeriodIndex(DAYS, freq="M")), "a was .* a number, and holds a time"),
    "complex for numbers": ("a", pd.Series(A + 1j), "a was learnt from as a number, and holds complex numbers"),
    "a text among times": ("day", pd.Series(["2024-01-01", "soon"] * (N // 2)), "day .* as a time, .* text 'soon'"),
    "numbers for times": ("day", pd.Series(A), "day was learnt from as a time, and holds a number"),
    "a dict among times": ("day", one("day", {}), "day was learnt from as a time, and holds cells of dict"),
    "numbers for durations": ("span", pd.Series(A), "span was learnt from as a duration, and holds a number"),
    "a text for durations": ("span", pd.Series(["long"] * N), "span .* as a duration, and holds the text 'long'"),
    "a word for flags": ("flag", one("flag", "maybe"), "flag was learnt from as a flag, and holds the text 'maybe'"),
    "a time that pandas makes up": ("day", pd.Series(["now"] * N), "day .* as a time, and holds the text 'now'"),
    "durations without a unit": ("span", pd.Series(["5"] * N), "span .* as a duration, and holds the text '5'"),
    "numbers for flags": ("flag", pd.Series([2] * N), "flag was learnt from as a flag, and holds a number"),
    "times for words": ("word", DAYS, "word was learnt from as a text, and holds a time"),
    "bytes for words": ("word", pd.Series([b"x"] * N), "word was learnt from as a text, and holds cells of bytes"),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER)
def test_another_kind_than_learnt_is_refused_by_name(model: PropensityModel, name: str) -> None:
    column, values, why = OTHER[name]
    for ask in (model.predict_proba, model.contributions, model.explain, model.predict):
        with pytest.raises(ScoringError, match=why):
            ask(FRAME.assign(**{column: values}))


@pytest.mark.parametrize("column", list(FRAME.columns))
@pytest.mark.parametrize("gap", [None, np.nan, pd.NaT, pd.NA])
def test_gaps_alone_are_gaps_of_any_kind(model: PropensityModel, column: str, gap: Any) -> None:
    empty = FRAME.assign(**{column: pd.Series([gap] * N, dtype=object)})
    assert np.isfinite(model.predict_proba(empty)).all()


def test_a_model_of_an_older_file_reads_what_it_did() -> None:
    held = fitted(FRAME).to_dict()
    del held["kinds"]
    assert PropensityModel.from_dict(held).predict_proba(FRAME) == pytest.approx(
        fitted(FRAME).predict_proba(FRAME)
    )


def of(make: Any) -> np.ndarray:
    made = np.empty(N, dtype=object)
    made[:] = [make(bool(v)) for v in Y]
    return made


LABELS: dict[str, Any] = {
    "times": pd.Series(of(lambda v: DAYS[int(v)])).infer_objects(),
    "times of NumPy": np.where(Y, np.datetime64("2024-01-01"), np.datetime64("2024-01-02")),
    "dates": of(lambda v: datetime.date(2024, 1, 1 + v)),
    "a category of times": pd.Categorical(of(lambda v: DAYS[int(v)])),
    "periods": of(lambda v: pd.Period("2024-01" if v else "2024-02", "M")),
    "durations": np.where(Y, np.timedelta64(1, "D"), np.timedelta64(2, "D")),
    "bytes": np.where(Y, b"a", b"b"),
    "bytes as objects": of(lambda v: b"a" if v else b"b"),
    "decimals": of(lambda v: decimal.Decimal(int(v))),
    "tuples": of(lambda v: (int(v),)),
    "enormous": of(lambda v: 2**70 if v else 1),
    "complex": Y + 0j,
    "half characters": np.where(Y, "\ud800", "b"),
}


@pytest.mark.parametrize("name", LABELS)
def test_labels_that_no_file_holds_are_refused_at_once(name: str) -> None:
    with pytest.raises(ScoringError, match=r"no file can hold|labels that a file can hold"):
        PropensityModel(tier="shrunk", audit=[]).fit(FRAME[["a"]], LABELS[name])


@pytest.mark.parametrize(
    "y",
    [
        pd.Series(Y, dtype=object),
        of(lambda v: np.int64(v)),
        of(lambda v: v),
        of(lambda v: 1.0 if v else 0),
        pd.Series(Y, dtype="Int64"),
        pd.Series(Y == 1).astype("boolean"),
        pd.Series(Y == 1).astype("category"),
        Y.astype(np.longdouble),
        np.where(Y, "x", ""),
    ],
    ids=[
        "objects",
        "NumPy",
        "flags",
        "mixed numbers",
        "nullable",
        "nullable flags",
        "a category",
        "long",
        "empty text",
    ],
)
def test_labels_survive_the_file(y: Any) -> None:
    model = PropensityModel(tier="shrunk", audit=[]).fit(FRAME[["a"]], y)
    again = PropensityModel.from_dict(json.loads(json.dumps(model.to_dict())))
    assert list(again.classes_) == list(model.classes_)
    assert again.score(FRAME, np.asarray(y)) == model.score(FRAME, np.asarray(y)) > 0.6


@pytest.mark.parametrize(
    ("what", "values", "why"),
    [
        ("groups", [None] * N, "groups holds gaps alone"),
        ("groups", np.full(N, np.nan), "groups holds gaps alone"),
        ("groups", [pd.NaT] * N, "groups holds gaps alone"),
        ("groups", pd.Series([[1]] * N), "groups must hold texts or numbers"),
        ("groups", np.zeros((N, 2)), "groups must hold one value for each row"),
        ("as_of", DAYS.where(np.arange(N) != 7), "row 7 has none"),
        ("as_of", ["soon"] * N, "as_of must hold times"),
        ("as_of", pd.Series([DAYS[0], 5] * (N // 2), dtype=object), "as_of must hold times"),
        ("as_of", pd.Series([[1]] * N), "as_of must hold times"),
        ("as_of", np.zeros((N, 2)), "as_of must hold one time"),
        ("as_of", "2024-01-01", "as_of must hold one value for each of the 400 rows"),
        ("groups", "acme", "groups must hold one value for each of the 400 rows"),
        ("groups", {"a", "b"}, "groups must hold one value for each of the 400 rows"),
        ("sample_weight", DAYS, "sample_weight must hold numbers"),
        ("sample_weight", A + 1j, "sample_weight must hold numbers"),
        ("sample_weight", 1.0, "sample_weight must hold one value for each"),
        ("as_of", Y == 1, "as_of must hold times"),
    ],
)
def test_groups_and_times_that_cannot_be_meant_are_refused(what: str, values: Any, why: str) -> None:
    with pytest.raises(ScoringError, match=why):
        PropensityModel(tier="shrunk", audit=[]).fit(FRAME[["a"]], Y, **{what: values})


def test_a_row_without_a_group_is_a_group_of_its_own() -> None:
    some = pd.Series([f"g{i}" if i % 2 else None for i in range(N)], dtype=object)
    each = pd.Series([f"g{i}" for i in range(N)], dtype=object)
    first, second = (
        PropensityModel(tier="shrunk", audit=[]).fit(FRAME[["a"]], Y, groups=g) for g in (some, each)
    )
    assert first.report_.companies == second.report_.companies == N


@pytest.mark.parametrize("made", [DAYS.astype(str), DAYS.dt.tz_localize("UTC"), cells(lambda i: DAYS[i].date()),
                                  cells(lambda i: DAYS[i].tz_localize("UTC").tz_convert(("Asia/Tokyo", "UTC")[i % 2]))])  # fmt: skip
def test_times_are_the_same_however_they_are_written(made: Any) -> None:
    first, second = (PropensityModel(tier="shrunk").fit(FRAME[["a"]], Y, as_of=t) for t in (DAYS, made))
    assert (
        first.predict_proba(FRAME) == second.predict_proba(FRAME)
    ).all() and first.report_ == second.report_
