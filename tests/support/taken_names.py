"""Every name that our code uses anywhere, so that a customer's field may be called by it: the least friendly company."""

import ast
import builtins
import keyword
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

import sales_consultant.config

ROOT = Path(sales_consultant.config.__file__).parents[1]
ROOMS = ("config", "connectors", "scoring", "sync", "sandbox")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{1,60}")


def _in_code() -> Iterator[str]:
    """Identifiers, attributes, keys and all words of texts (SQL among them) of the code."""
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            said = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}  # docstrings
            for node in ast.walk(tree):
                for field in ("id", "attr", "arg", "name"):
                    value = getattr(node, field, None)
                    if isinstance(value, str):
                        yield value
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
                    yield from _WORD.findall(node.value)


@cache
def names() -> tuple[str, ...]:
    """All names, each in one spelling, in a fixed order."""
    found = set(_in_code()) | set(keyword.kwlist) | set(dir(builtins))
    for kind in (pd.DataFrame, pd.Series, pa.Table, dict, str, object, duckdb.DuckDBPyConnection):
        found |= set(dir(kind))
    with duckdb.connect() as con:
        found |= {str(r[0]) for r in con.execute("SELECT keyword_name FROM duckdb_keywords()").fetchall()}
        found |= {
            str(r[0])
            for r in con.execute("SELECT DISTINCT function_name FROM duckdb_functions()").fetchall()
            if _NAME.fullmatch(str(r[0]))
        }
    return tuple(sorted(n for n in found if _NAME.fullmatch(n)))


@cache
def property_names() -> tuple[str, ...]:
    """Those names as HubSpot allows them: lower case, a letter first."""
    return tuple(sorted({n.lower() for n in names() if n[0].isalpha()}))


@cache
def field_names() -> tuple[str, ...]:
    """Those names as Salesforce allows custom fields: a letter first, no two or last underscore, up to 40 characters."""
    allowed = {
        n.lower(): n
        for n in names()
        if n[0].isalpha() and "__" not in n and not n.endswith("_") and len(n) <= 40
    }
    return tuple(f"{n}__c" for _, n in sorted(allowed.items()))


def worst_properties() -> tuple[str, ...]:
    """The worst names as HubSpot allows them."""
    return tuple(n for n in dict.fromkeys(w.lower() for w in WORST) if n[0].isalpha())


def worst_fields() -> tuple[str, ...]:
    """The worst names as Salesforce allows them."""
    found = (n for n in worst_properties() if "__" not in n and not n.endswith("_"))
    return tuple(f"{n.capitalize()}__c" for n in found)


WORST = (
    "id", "_id", "_created", "_modified", "_archived", "_seen", "_first_seen", "createdat", "updatedat", "archived",
    "properties", "record_id", "deal_id", "object", "key", "cut", "label", "weight", "score", "probability", "grade",
    "company_id", "owner_id", "stage", "pipeline", "closed", "won", "is_closed", "is_won", "deleted", "name", "from_id",
    "to_id", "select", "from", "table", "order", "group", "rank", "value", "field", "known", "self", "none", "nan", "true",
    "false", "null", "index", "columns", "values", "dtype", "c_id", "f_id", "r", "s", "e", "m", "co", "cm", "rows", "merges",
)  # fmt: skip
"""Names that a field took the place of, or might: always tried."""
