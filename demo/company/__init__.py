"""What both demo companies share: invented names, tables, a cache on disk."""

from sales_consultant.demo.company.names import unit
from sales_consultant.demo.company.tables import (
    LINE_ITEMS,
    PRODUCTS,
    Columns,
    Row,
    iso,
    stage_rows,
    write_csv,
    write_parquet,
)
from sales_consultant.demo.company.world import DemoError, Made, Progress, World, cached, key_of

__all__ = [
    "LINE_ITEMS",
    "PRODUCTS",
    "Columns",
    "DemoError",
    "Made",
    "Progress",
    "Row",
    "World",
    "cached",
    "iso",
    "key_of",
    "stage_rows",
    "unit",
    "write_csv",
    "write_parquet",
]
