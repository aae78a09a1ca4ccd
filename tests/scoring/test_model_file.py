"""Model files: JSON that is refused when it is not what it says."""

import json
from pathlib import Path

import pytest
from support.worlds import NOW, company

from sales_consultant.config.populations import Exclusions, FeatureSettings, Population
from sales_consultant.scoring import model_file
from sales_consultant.scoring.core.errors import ModelFileError
from sales_consultant.scoring.customers.segments import SegmentModel
from sales_consultant.scoring.customers.segments import fit as fit_segments
from sales_consultant.scoring.customers.value import fit_customers
from sales_consultant.scoring.training.training import train


@pytest.fixture(scope="module")
def segments() -> SegmentModel:
    return fit_segments(company(deals=100).connection(), as_of=NOW)


@pytest.mark.slow
def test_every_kind_comes_back_equal(tmp_path: Path, segments: SegmentModel) -> None:
    engine = company(deals=300).connection()
    value = fit_customers(engine, as_of=NOW, exclusions=Exclusions())
    population = Population(object="deals", event="won")
    model = train(
        engine, "p", population, as_of=NOW, exclusions=Exclusions(), features=FeatureSettings()
    ).model
    every: list[model_file.AnyModel] = [segments, value, model]
    for n, each in enumerate(every):
        digest = model_file.save(each, tmp_path / str(n))
        again = model_file.load(tmp_path / str(n))
        assert again.to_dict() == each.to_dict()
        assert model_file.digest(again) == digest == model_file.digest(each)


def test_another_format_version_is_refused(tmp_path: Path, segments: SegmentModel) -> None:
    model_file.save(segments, tmp_path)
    path = tmp_path / model_file.FILE
    path.write_text(
        json.dumps({**json.loads(path.read_text(encoding="utf-8")), "format_version": 99}), encoding="utf-8"
    )
    with pytest.raises(ModelFileError, match="format version 99"):
        model_file.load(tmp_path)


def test_an_altered_model_is_refused(tmp_path: Path, segments: SegmentModel) -> None:
    model_file.save(segments, tmp_path)
    path = tmp_path / model_file.FILE
    document = json.loads(path.read_text(encoding="utf-8"))
    document["model"]["customers"] += 1
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ModelFileError, match="changed after it was saved"):
        model_file.load(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", "\x80\x04 a pickle"])
def test_what_is_no_model_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / model_file.FILE).write_text(text, encoding="utf-8")
    with pytest.raises(ModelFileError, match="not a model file"):
        model_file.load(tmp_path)


def test_an_empty_folder_says_train(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="train it"):
        model_file.load(tmp_path)
