"""Make the shop's sample from UCI's Online Retail, stored as one Parquet file with the columns that UCI gives it.

    python -m sales_consultant.demo.shop.sample ONLINE_RETAIL.parquet OUT.parquet

Customers are drawn by a hash of their number and kept with all their lines, cancellations too.
"""

import hashlib
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sales_consultant.config.clock import from_iso

# A judgement: above the 500 customers from which on segments go by ranks, and a file of some hundred kilobytes.
CUSTOMERS = 700


def sample(rows: list[dict[str, Any]], customers: int = CUSTOMERS) -> list[dict[str, Any]]:
    """The lines of so many customers with clean types, ordered by time and invoice.

    Lines without a customer are nobody's and left out. Times are the shop's wall clock, read as UTC; prices are pounds.
    """
    known = [row for row in rows if row["CustomerID"] is not None]
    ids = {int(row["CustomerID"]) for row in known}
    chosen = set(sorted(ids, key=lambda id: hashlib.sha256(str(id).encode()).digest())[:customers])
    lines = [
        {
            "invoice": row["InvoiceNo"].strip(),
            "stock_code": row["StockCode"].strip(),
            "description": " ".join((row["Description"] or "").split()),
            "quantity": int(row["Quantity"]),
            "invoice_ms": from_iso(row["InvoiceDate"]),
            "unit_price": float(row["UnitPrice"]),
            "customer_id": int(row["CustomerID"]),
            "country": row["Country"].strip(),
        }
        for row in known
        if int(row["CustomerID"]) in chosen
    ]
    return sorted(lines, key=lambda row: (row["invoice_ms"], row["invoice"]))


def main(source: Path, target: Path) -> None:
    """Read the whole data set, write the sample."""
    kinds = {
        "quantity": pa.int32(),
        "invoice_ms": pa.int64(),
        "unit_price": pa.float64(),
        "customer_id": pa.int32(),
    }
    rows = sample(pq.read_table(source).to_pylist())
    schema = pa.schema([pa.field(name, kinds.get(name, pa.string())) for name in rows[0]])
    pq.write_table(
        pa.Table.from_pylist(rows, schema), target, compression="zstd", compression_level=19, version="2.6"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
