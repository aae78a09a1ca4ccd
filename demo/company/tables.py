"""Write tables of a data folder, always the same bytes for the same rows."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

Kind = Literal["text", "whole", "number", "flag"]
Row = Mapping[str, object]
Columns = Mapping[str, Kind]

PRODUCTS: Columns = {"id": "text", "name": "text", "price": "number"}
LINE_ITEMS: Columns = {
    "id": "text",
    "deal_id": "text",
    "product_id": "text",
    "quantity": "whole",
    "amount": "number",
}


def iso(seconds: int) -> str:
    """Seconds since 1970 as ISO 8601 in UTC.

    >>> iso(1704101400)
    '2024-01-01T09:30:00Z'
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_parquet(folder: Path, table: str, columns: Columns, rows: Sequence[Row]) -> int:
    """Write `table`.parquet with exactly these columns (a column that a row lacks is null); answers the rows."""
    types = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64(), "flag": pa.bool_()}
    arrays = [pa.array([row.get(name) for row in rows], types[kind]) for name, kind in columns.items()]
    pq.write_table(pa.table(arrays, names=list(columns)), folder / f"{table}.parquet", compression="zstd")
    return len(rows)


def write_csv(folder: Path, table: str, columns: Iterable[str], rows: Sequence[Row]) -> int:
    """Write `table`.csv, for the small tables that a person may want to read and change; answers the rows."""
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return len(rows)


def stage_rows(pipeline: str, stages: Iterable[tuple[str, str, object]]) -> list[Row]:
    """The stages of a pipeline in their order, from their name, label and probability."""
    return [
        {
            "pipeline": pipeline,
            "stage": stage,
            "label": label,
            "display_order": order,
            "probability": probability,
            "is_closed": str(stage.startswith("closed")).lower(),
            "is_won": str(stage == "closed_won").lower(),
        }
        for order, (stage, label, probability) in enumerate(stages)
    ]
