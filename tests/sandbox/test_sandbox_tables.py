"""A data folder is read strictly, and its errors name file, line and column."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sales_consultant.sandbox.clock import parse_iso
from sales_consultant.sandbox.data_folder.tables import DataFolderError, load_folder


def _one(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def test_an_empty_folder_is_an_empty_crm(tmp_path: Path) -> None:
    assert len(load_folder(tmp_path)["contacts"]) == 0


def test_values_are_typed_and_further_columns_become_custom_fields(folder: Path) -> None:
    tables = load_folder(folder)
    deal = tables["deals"].rows[0]
    assert deal["amount"] == 1000.5
    assert deal["closed_at"] == parse_iso("2024-03-01T10:00:00Z")
    assert {(c.column, c.name, c.type) for c in tables["companies"].custom} == {
        ("employees", "employees", "number"),
        ("Region Näme", "region_name", "enumeration"),
    }
    assert tables["contacts"].rows[1]["bounced"] is True


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2.5", "-3e2"], "number"),
        (["true", "False", ""], "bool"),
        (["2024-01-01", "2024-01-01T10:00:00+02:00"], "datetime"),
        (["a", "b", "a"], "enumeration"),
        (["007", "08"], "enumeration"),
        ([f"word {n}" for n in range(51)], "string"),
        (["2024-13-45", "2024-01-01"], "enumeration"),
    ],
)
def test_types_of_custom_fields_follow_from_their_cells(tmp_path: Path, cells: list[str], kind: str) -> None:
    text = "id,extra\n" + "".join(f"{n},{c}\n" for n, c in enumerate(cells))
    assert load_folder(_one(tmp_path, contacts=text))["contacts"].custom[0].type == kind


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ('id,email,title\n1,a@x.example,x\n2,"b@x.example,y\n3,c,z\n', 3, "email"),
        ('id,email,title\n1,a@x.example,"x"y\n', 2, "title"),
        ("id,email,title\n1,a@x.example\n", 2, "title"),
        ("id,email\n1,a@x.example,more\n", 2, "3"),
        ('id,email\n1,"two\nlines"\n2,b,c\n', 4, "3"),
        ("id,created_at\n1,2024-01-01\n2,yesterday\n", 3, "created_at"),
        ("id,email_opt_out\n1,maybe\n", 2, "email_opt_out"),
        ("id,email\n1,a\n1,b\n", 3, "id"),
        ("id,email\n,a\n", 2, "id"),
        ("email\na@x.example\n", 1, "id"),
        ("id,email,email\n1,a,b\n", 1, "email"),
        ("id,company_id\n1,nobody\n", 2, "company_id"),
    ],
)
def test_what_is_broken_is_named_by_line_and_column(
    tmp_path: Path, text: str, line: int, column: str
) -> None:
    with pytest.raises(DataFolderError) as caught:
        load_folder(_one(tmp_path, contacts=text))
    assert (caught.value.file, caught.value.line, caught.value.column) == ("contacts.csv", line, column)
    assert str(caught.value).startswith(f"contacts.csv, line {line}, column {column}: ")


def test_text_that_is_not_utf8_is_named_by_line(tmp_path: Path) -> None:
    (tmp_path / "contacts.csv").write_bytes(b"id,last_name\n1,Meier\n2,M\xfcller\n")
    with pytest.raises(DataFolderError) as caught:
        load_folder(tmp_path)
    assert (caught.value.line, caught.value.column) == (3, "last_name")


def test_an_unknown_file_is_refused_with_the_nearest_table(tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match=r"did you mean contacts\.csv"):
        load_folder(_one(tmp_path, contact="id\n"))


def test_an_unknown_column_of_a_table_without_custom_fields_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match="did you mean first_name"):
        load_folder(_one(tmp_path, owners="id,firstname\n1,Ann\n"))


def test_notes_beside_the_data_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("hello", encoding="utf-8")
    assert load_folder(tmp_path).tables == {}


def test_lenient_drops_references_that_lead_nowhere(tmp_path: Path) -> None:
    files = {
        "contacts": "id,company_id\n1,gone\n",
        "deals": "id,contact_id\nd,1\n",
        "deal_contacts": "deal_id,contact_id\nd,2\nd,1\n",
    }
    tables = load_folder(_one(tmp_path, **files), lenient=True)
    assert tables["contacts"].rows[0]["company_id"] is None
    assert [r["contact_id"] for r in tables["deal_contacts"]] == ["1"]


def test_associations_and_histories_are_checked_against_the_table_they_name(tmp_path: Path) -> None:
    text = "object,record_id,field,value,changed_at\ndeal,d9,x,1,2024-01-01\n"
    with pytest.raises(DataFolderError, match="'d9', which is not in deals"):
        load_folder(_one(tmp_path, field_history=text))


def test_a_stage_that_no_pipeline_has_is_refused(tmp_path: Path) -> None:
    files = {"stages": "pipeline,stage\nsales,new\n", "deals": "id,stage\nd,nwe\n"}
    with pytest.raises(DataFolderError, match="'nwe', which is not in stages"):
        load_folder(_one(tmp_path, **files))


def test_parquet_gives_the_same_rows_as_csv(tmp_path: Path) -> None:
    moment = parse_iso("2024-01-05T08:00:00.250Z")
    table = pa.table(
        {
            "id": ["1", "2"],
            "email": ["a@x.example", ""],
            "created_at": pa.array([moment, None], pa.timestamp("ms", tz="UTC")),
            "visits": pa.array([3, None], pa.int64()),
            "fit": pa.array(["a", "b"]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "contacts.parquet")
    found = load_folder(tmp_path)["contacts"]
    assert found.rows[0] == {"id": "1", "email": "a@x.example", "created_at": moment, "visits": 3, "fit": "a"}
    assert found.rows[1]["email"] is None
    assert [c.type for c in found.custom] == ["number", "enumeration"]


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "deals.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(DataFolderError, match="not a Parquet file"):
        load_folder(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match="there is no folder"):
        load_folder(tmp_path / "nowhere")
