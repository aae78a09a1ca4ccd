"""A model of the admin's own: its scores in a file go through the same forward test and gate, and are written without reasons."""

import datetime
import decimal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from support.worlds import DAY, NOW, World, company

from sales_consultant.config.errors import ConfigError
from sales_consultant.config.populations import Exclusions, FeatureSettings, Population, check_parents
from sales_consultant.engine import DuckEngine
from sales_consultant.engine.reads import own_scores
from sales_consultant.scoring.propensity.model import PopulationModel
from sales_consultant.scoring.scorer import score
from sales_consultant.scoring.training import Trained, bring
from sales_consultant.scoring.training.training import train
from sales_consultant.scoring.validation.publish_gate import compare

WORLD = company(deals=1500, signal=1.5)
pytestmark = pytest.mark.xdist_group("training")


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckEngine]:
    with WORLD.connection() as engine:
        yield engine


def written(folder: Path, scores: pd.DataFrame, name: str = "scores.parquet") -> Population:
    path = folder / name
    scores.to_csv(path, index=False) if name.endswith("csv") else scores.to_parquet(path)
    return Population(object="deals", event="won", where={"pipeline": "sales"}, scorer=str(path))


def scores_of(world: World, *, honest: bool, every: int = 14) -> pd.DataFrame:
    """Scores of each deal every other week of its life, of a model that knows `c_fit`, or of one that guesses."""
    rng = np.random.default_rng(0)
    rows = []
    for deal in world.rows["deals"]:
        end = deal["closed_at"] or NOW
        for at in range(int(deal["created_at"]), int(end), every * DAY):
            p = (0.52 if deal["c_fit"] == "good" else 0.32) if honest else rng.uniform(0.05, 0.95)
            rows.append((deal["id"], p, at))
    return pd.DataFrame(rows, columns=["record_id", "probability", "as_of"])


def brought(engine: DuckEngine, population: Population) -> Trained:
    return bring(engine, "test", population, as_of=NOW, exclusions=Exclusions())


@pytest.mark.parametrize("name", ["scores.parquet", "scores.csv"])
def test_good_scores_earn_their_place_and_are_written_as_they_are(
    engine: DuckEngine, tmp_path: Path, name: str
) -> None:
    given = scores_of(WORLD, honest=True)
    missing = next(d["id"] for d in WORLD.rows["deals"] if not d["closed_at"])
    population = written(tmp_path, given[given["record_id"] != missing], name)
    trained = brought(engine, population)
    assert (trained.report.verdict, trained.publishable) == ("better than base rate", True)
    assert trained.model.card["scorer"] == population.scorer
    assert "scored by the model scores of your own" in trained.model.card["notes"]
    model = PopulationModel.from_dict(trained.model.to_dict())
    frame = score(engine, model, as_of=NOW, exclusions=Exclusions())
    assert len(frame) and missing not in set(frame["record_id"])
    newest = given.sort_values("as_of").groupby("record_id")["probability"].last()
    assert frame["probability"].to_numpy() == pytest.approx(newest[frame["record_id"]].to_numpy())
    for lines, points in zip(frame["reasons"], frame["score"], strict=True):
        assert 50 + sum(r.points for r in lines) == points
        assert {r.text for r in lines} <= {"scored by the model scores", "everything else"}


def test_guesses_and_scores_without_a_past_are_not_published(engine: DuckEngine, tmp_path: Path) -> None:
    guessed = brought(engine, written(tmp_path, scores_of(WORLD, honest=False)))
    assert (guessed.report.verdict, guessed.publishable) == ("no better than base rate", False)
    today = scores_of(WORLD, honest=True).assign(as_of=NOW - DAY)
    fresh = brought(engine, written(tmp_path, today.drop_duplicates("record_id"), "fresh.parquet"))
    assert (fresh.report.verdict, fresh.publishable) == ("too little data", False)
    assert "too few scores of the past" in fresh.why


@pytest.mark.slow
def test_it_is_held_against_the_model_that_it_replaces(engine: DuckEngine, tmp_path: Path) -> None:
    plain = Population(object="deals", event="won", where={"pipeline": "sales"})
    learnt = train(
        engine, "test", plain, as_of=NOW - 220 * DAY, exclusions=Exclusions(), features=FeatureSettings()
    )
    guessed = brought(engine, written(tmp_path, scores_of(WORLD, honest=False)))
    assert guessed.today is not None
    gate = compare(engine, learnt.model, guessed.model, guessed.judged, guessed.today)
    assert not gate.publish and "worse on" in gate.why


def test_only_what_was_known_at_a_time_counts(tmp_path: Path) -> None:
    given = pd.DataFrame(
        {
            "record_id": ["1", "1", "2"],
            "probability": [0.2, 0.7, 0.4],
            "as_of": [START + 10 * DAY, START + 20 * DAY, START + 10 * DAY],
        }
    )
    path = written(tmp_path, given).scorer
    assert path is not None
    asked = pd.DataFrame(
        {"record_id": ["1", "1", "1", "2", "3"], "cut": [START + n * DAY for n in (9, 19, 20, 50, 50)]}
    )
    found = own_scores.given(path, asked, days=30)
    assert found.tolist() == pytest.approx([np.nan, 0.2, 0.7, np.nan, np.nan], nan_ok=True)
    as_text = given.assign(as_of=pd.to_datetime(given["as_of"], unit="ms", utc=True).astype(str))
    other = written(tmp_path, as_text, "text.csv").scorer
    assert other is not None
    assert own_scores.given(other, asked, days=30).equals(found)


START = 1_700_000_000_000
UTC = pd.to_datetime([START, START + DAY], unit="ms", utc=True)

TIMES: dict[str, Any] = {
    "seconds": [START // 1000, (START + DAY) // 1000],
    "milliseconds": [START, START + DAY],
    "microseconds": [START * 1000, (START + DAY) * 1000],
    "nanoseconds": [START * 10**6, (START + DAY) * 10**6],
    "seconds as floats": [START / 1000, (START + DAY) / 1000],
    "milliseconds as floats": [float(START), float(START + DAY)],
    "numbers as texts": [str(START), f"{START // 1000 + 86400}.0"],
    "numbers of two units": [START // 1000, START + DAY],
    "ISO": ["2023-11-14T22:13:20Z", "2023-11-15T22:13:20+00:00"],
    "ISO with another zone": ["2023-11-14T23:13:20+01:00", " 2023-11-15 17:13:20-05:00"],
    "zoned": UTC.tz_convert("America/New_York"),
    "zones as objects": pd.Series([UTC[0].tz_convert("Asia/Tokyo"), UTC[1]], dtype=object),
    "without a zone": UTC.tz_localize(None),
    "in seconds": UTC.tz_localize(None).as_unit("s"),
    "Arrow": pd.Series(UTC).astype(pd.ArrowDtype(pa.timestamp("us", "UTC"))),
    "a category": pd.Series(["2023-11-14T22:13:20Z", "2023-11-15T22:13:20Z"]).astype("category"),
}


@pytest.mark.parametrize("name", ["scores.parquet", "scores.csv"])
@pytest.mark.parametrize("kind", TIMES)
def test_a_time_is_read_right_however_it_is_written(tmp_path: Path, kind: str, name: str) -> None:
    rows = pd.DataFrame({"record_id": ["1", "2"], "probability": [0.2, 0.7], "as_of": TIMES[kind]})
    if kind == "zones as objects" and name.endswith("parquet"):
        rows["as_of"] = rows["as_of"].astype(str)
    if kind == "numbers as texts":
        rows["as_of"] = rows["as_of"].astype(object)
    assert read(tmp_path, rows, name, ["1", "2"]) == {"1": [None, 0.2, 0.2], "2": [None, None, 0.7]}


@pytest.mark.parametrize(
    "days",
    [["2023-11-15", "2023-11-16"], [20231115, 20231116], [datetime.date(2023, 11, d) for d in (15, 16)]],
)
def test_a_date_counts_from_its_first_moment(tmp_path: Path, days: Any) -> None:
    rows = pd.DataFrame({"record_id": ["1", "2"], "probability": [0.2, 0.7], "as_of": days})
    assert read(tmp_path, rows, "scores.parquet", ["1", "2"]) == {
        "1": [None, 0.2, 0.2],
        "2": [None, None, 0.7],
    }


def read(folder: Path, rows: pd.DataFrame, name: str, ids: list[str]) -> dict[str, list[float | None]]:
    """The scores of records a moment before, half a day and two days after 2023-11-14 22:13:20."""
    path = written(folder, rows, name).scorer
    assert path is not None
    cuts = (START - 1, START + DAY // 2, START + 2 * DAY)
    asked = pd.DataFrame([(i, c) for i in ids for c in cuts], columns=["record_id", "cut"])
    got = own_scores.given(path, asked)
    return {i: [None if np.isnan(p) else p for p in got[asked["record_id"] == i]] for i in ids}


IDS: dict[str, tuple[Any, list[str]]] = {
    "whole numbers": ([123, 45], ["123", "45"]),
    "floats": ([123.0, 45.0], ["123", "45"]),
    "texts of floats": (["123.0", "45.00"], ["123", "45"]),
    "with blanks": ([" 123", "45\t"], ["123", "45"]),
    "with zeros in front": (["00123", "0045"], ["00123", "0045"]),
    "called NA": (["NA", "null"], ["NA", "null"]),
    "a category": (pd.Categorical(["a1", "b2"]), ["a1", "b2"]),
    "decimals": ([decimal.Decimal(123), decimal.Decimal("45.0")], ["123", "45"]),
    "large numbers": ([12_345_678_901_234_567, 45], ["12345678901234567", "45"]),
    "nullable": (pd.array([123, 45], dtype="Int64"), ["123", "45"]),
    "bytes": ([b"123", b"45"], ["123", "45"]),
}


@pytest.mark.parametrize("name", ["scores.parquet", "scores.csv"])
@pytest.mark.parametrize("kind", IDS)
def test_an_id_is_read_right_however_it_is_written(tmp_path: Path, kind: str, name: str) -> None:
    made, ids = IDS[kind]
    if kind == "bytes" and name.endswith("csv"):
        return  # pandas writes them as b'123'
    rows = pd.DataFrame({"record_id": made, "probability": [0.2, 0.7], "as_of": START})
    assert read(tmp_path, rows, name, ids) == {ids[0]: [None, 0.2, 0.2], ids[1]: [None, 0.7, 0.7]}


def test_a_frame_written_with_its_index_and_rows_said_twice_are_read(tmp_path: Path) -> None:
    rows = pd.DataFrame({"record_id": ["1", "2", "2"], "probability": [0.2, 0.7, 0.7], "as_of": START})
    path = tmp_path / "indexed.parquet"
    rows.set_index("record_id").to_parquet(path)
    asked = pd.DataFrame({"record_id": ["1", "2"], "cut": [START, START]})
    assert own_scores.given(str(path), asked).tolist() == [0.2, 0.7]
    rows[:2].set_index("record_id", drop=False).to_parquet(path)
    assert own_scores.given(str(path), asked).tolist() == [0.2, 0.7]


CSVS = {
    "a byte order mark and blanks": ("\ufeff record_id , probability,as_of\n 1 , 0.5 , 1700000000\n\n", None),
    "more columns": ("name,as_of,probability,record_id\nx,2023-11-14 22:13:20,.5,1\n", None),
    "quotes": ('"record_id","probability","as_of"\n"1","0.5","20231114"\n', None),
    "semicolons": ("record_id;probability;as_of\n1;0.5;1700000000\n", "lacks the columns"),
    "semicolons and commas": (
        "record_id;probability;as_of\n1;0,5;1700000000\n",
        "more cells than there are columns",
    ),
    "a decimal comma": (
        "record_id,probability,as_of\n1,0,5,1700000000\n",
        "more cells than there are columns",
    ),
    "a row that ends early": ("record_id,probability,as_of\n1,0.5\n", "column as_of, row 1: is no time"),
    "thousands": (
        'record_id,probability,as_of\n1,0.5,"1,700,000,000"\n',
        "column as_of, row 1: '1,700,000,000' is no time",
    ),
    "nothing": ("", "cannot be read"),
}


@pytest.mark.parametrize("kind", CSVS)
def test_a_csv_is_read_or_refused(tmp_path: Path, kind: str) -> None:
    text, why = CSVS[kind]
    path = tmp_path / "scores.csv"
    path.write_text(text, encoding="utf-8")
    asked = pd.DataFrame({"record_id": ["1"], "cut": [START]})
    if why is None:
        assert own_scores.given(str(path), asked).tolist() == [0.5]
    else:
        with pytest.raises(ConfigError, match=why):
            own_scores.given(str(path), asked)


REFUSED: list[tuple[str, Any, str]] = [
    ("probability", [0.2, 1.5], r"probability, row 2: '1.5' is not between 0 and 1"),
    ("probability", [None, 0.7], r"probability, row 1: a probability is missing, or is not between 0 and 1"),
    ("probability", ["0.2", "70%"], "probability, row 2: '70%' is no number"),
    ("probability", ["0,2", "0,7"], "probability, row 1: '0,2' is no number"),
    ("probability", [True, False], "probability, row 1: 'True' is"),
    ("probability", [0.2, np.inf], "probability, row 2: 'inf' is not between 0 and 1"),
    ("as_of", [START, 5], "as_of, row 2: '5' is no time between 1990 and 2100"),
    ("as_of", ["2023-11-14", "soon"], "as_of, row 2: 'soon' is no time"),
    ("as_of", ["2023-11-14", "14/11/2023"], "as_of, row 2: '14/11/2023' is no time"),
    ("as_of", ["2023-11-14", None], "as_of, row 2: is no time"),
    ("as_of", [45244, 45245], "as_of, row 1: '45244' is no time"),
    ("as_of", [START, np.nan], "as_of, row 2: is no time"),
    ("as_of", pd.to_datetime([START, 1_700_000], unit="ms"), "as_of, row 2: .* is no time between"),
    ("as_of", pd.to_datetime(pd.Series(["2023-11-14", None])), "as_of, row 2: is no time"),
    ("as_of", ["2023-11-14", "2023-13-14"], "as_of, row 2: '2023-13-14' is no time"),
    ("as_of", [20231114, 20231332], "as_of, row 2: '20231332' is no time"),
    ("as_of", pd.to_timedelta([1, 2], unit="D"), "as_of, row 1: .* is no time"),
    ("as_of", [True, False], "as_of, row 1: 'True' is no time"),
    ("as_of", ["2023-11-14", "now"], "as_of, row 2: 'now' is no time"),
    ("as_of", ["2023-11-14", "2023-11"], "as_of, row 2: '2023-11' is no time"),
    ("as_of", ["2023", "2024"], "as_of, row 1: '2023' is no time"),
    ("as_of", [START, np.inf], "as_of, row 2: 'inf' is no time"),
    ("as_of", np.array([START, START], dtype=np.float32), "as_of, row 1: .* may have lost digits"),
    ("as_of", [{"a": 1}, {"a": 2}], "as_of: a cell is a list"),
    ("as_of", pd.to_datetime(["9999-12-31", "2023-11-14"]), "as_of, row 1: .* is no time between"),
    ("record_id", [True, False], "record_id, row 1: 'True' is no id"),
    ("record_id", [1.0, np.inf], "record_id, row 2: 'inf' is no id"),
    ("record_id", np.array([1, 2], dtype=np.float32), "record_id, row 1: .* may have lost digits"),
    ("record_id", ["1", None], "record_id, row 2: a record_id is missing"),
    ("record_id", [1.0, np.nan], "record_id, row 2: a record_id is missing"),
    ("record_id", ["1", " "], "record_id, row 2: .*a record_id is missing"),
    ("record_id", [1.0, 2.5], "record_id, row 2: '2.5' is no id"),
    ("record_id", [1.0, 1e17], "record_id, row 2: '1e\\+17' .*lost digits"),
    ("record_id", ["1", "1.23E+15"], "record_id, row 2: '1.23E\\+15' has lost digits"),
    ("record_id", ["1", "1.0"], "'1' has two probabilities as of one time .the second in row 2"),
    ("record_id", [[1], [2]], "record_id: a cell is a list"),
]


@pytest.mark.parametrize(("column", "values", "why"), REFUSED)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path: Path, column: str, values: Any, why: str) -> None:
    rows = pd.DataFrame({"record_id": ["1", "2"], "probability": [0.2, 0.7], "as_of": [START, START]})
    path = written(tmp_path, rows.assign(**{column: values})).scorer
    assert path is not None
    with pytest.raises(ConfigError, match=why):
        own_scores.given(path, pd.DataFrame({"record_id": ["1"], "cut": [9]}))


def test_a_file_without_rows_or_a_column_or_that_is_not_there_is_refused(tmp_path: Path) -> None:
    rows = pd.DataFrame({"record_id": ["1"], "probability": [0.2], "as_of": [START]})
    asked = pd.DataFrame({"record_id": ["1"], "cut": [START]})
    for name, made, why in (
        ("a.parquet", rows.drop(columns="probability"), "lacks the column probability"),
        ("b.parquet", rows[:0], "holds no row"),
        ("c.csv", rows[:0], "holds no row"),
        (
            "d.csv",
            rows.rename(columns={"as_of": "AsOf", "record_id": "id"}),
            "lacks the columns record_id, as_of",
        ),
    ):
        path = written(tmp_path, made, name).scorer
        assert path is not None
        with pytest.raises(ConfigError, match=why):
            own_scores.given(path, asked)
    with pytest.raises(ConfigError, match="cannot be read"):
        own_scores.given(str(tmp_path / "none.parquet"), asked)


def test_ids_of_no_record_and_times_to_come_are_counted_and_said(engine: DuckEngine, tmp_path: Path) -> None:
    given = scores_of(WORLD, honest=True)
    strange = given.assign(record_id="006" + given["record_id"])
    said = brought(engine, written(tmp_path, pd.concat([given, strange])))
    ids = given["record_id"].nunique()
    notes = "\n".join(said.model.card["notes"])
    assert f"{ids:,} of the {2 * ids:,} record ids of the file are of none of the deals, as '006" in notes
    none = brought(engine, written(tmp_path, strange, "strange.parquet"))
    notes = "\n".join(none.model.card["notes"])
    assert (
        not none.publishable
        and f"{ids:,} of the {ids:,} record ids of the file are of none of the deals" in notes
    )
    assert "open deals have no score in the file from the last" in notes
    later = brought(
        engine, written(tmp_path, given.assign(as_of=given["as_of"] + 2000 * DAY), "later.parquet")
    )
    assert "rows of the file are from later than today and count from then on" in "\n".join(
        later.model.card["notes"]
    )


def test_a_scorer_and_a_parent_exclude_each_other() -> None:
    first = Population(object="deals", event="won")
    with pytest.raises(ValueError, match="borrows no model"):
        check_parents({"a": first, "b": first.model_copy(update={"parent": "a", "scorer": "scores.csv"})})
