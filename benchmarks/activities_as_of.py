"""Features of 5,000,000 activities of 500,000 contacts at 6 cut-offs, beside SQL written by hand, each in a process of its own.

Both read the same neutral tables (activities linked to contacts by associations) in a DuckDB file, ours with half the
memory limit, and give the same columns of the same rows as numbers in memory; that they are equal is checked by sums.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CONTACTS, ACTIVITIES = 500_000, 5_000_000
DAY = 86_400_000
START = 1_704_067_200_000  # 2024-01-01
END = START + 731 * DAY
CUTS = tuple(END - k * 30 * DAY for k in range(6, 0, -1))
WINDOWS = (7, 30, 90)
KINDS = {
    "opened": ("marketing_email", "outbound"),
    "replied": ("email", "inbound"),
    "called": ("call", "outbound"),
    "met": ("meeting", None),
    "asked": ("form", "inbound"),
}
# The hand-written side does not end with less.
LIMITS = {"ours": "200MB", "by_hand": "400MB"}
_SETTINGS = "SET threads = 2; SET preserve_insertion_order = false; SET memory_limit = '{limit}'; SET temp_directory = '{temp}'"


def make(path: Path, contacts: int = CONTACTS, activities: int = ACTIVITIES) -> None:
    """The neutral tables in a file: activities skewed over contacts, two years of times, some known days later."""
    import duckdb
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(7)
    engine = duckdb.connect(str(path))
    made = START + (rng.random(contacts) * 731).astype("int64") * DAY
    who = np.floor(contacts * rng.power(0.6, activities)).astype("int64")
    at = START + (rng.random(activities) * (END - START)).astype("int64")
    kind = rng.choice(len(KINDS), activities, p=[0.5, 0.2, 0.12, 0.08, 0.1])
    frame = pd.DataFrame(
        {
            "n": np.arange(activities),
            "who": who,
            "at": at,
            "kind": kind,
            "late": rng.integers(0, 3, activities),
        }
    )
    people = pd.DataFrame({"n": np.arange(contacts), "made": made})
    kinds = pd.DataFrame(
        {
            "kind": range(len(KINDS)),
            "type": [t for t, _ in KINDS.values()],
            "way": [d for _, d in KINDS.values()],
        }
    )
    engine.con.register("_rows", frame)
    engine.con.register("_people", people)
    engine.con.register("_kinds", kinds)
    engine.con.execute(
        "CREATE TABLE contacts AS SELECT 'c' || n AS id, made AS created_at, NULL::VARCHAR AS company_id, "
        "NULL::VARCHAR AS owner_id, FALSE AS deleted FROM _people"
    )
    engine.con.execute(
        "CREATE TABLE activities AS SELECT 'a' || n AS id, k.type, k.way AS direction, FALSE AS automated, "
        "NULL::VARCHAR AS status, r.at AS occurred_at, r.at + r.late * 43200000 AS known_at, NULL::VARCHAR AS owner_id, "
        "FALSE AS deleted FROM _rows r JOIN _kinds k USING (kind)"
    )
    engine.con.execute(
        "CREATE TABLE associations AS SELECT 'activity' AS from_object, 'a' || n AS from_id, 'contact' AS to_object, "
        "'c' || who AS to_id, NULL::VARCHAR AS label, NULL::BIGINT AS known_at, NULL::BIGINT AS first_seen FROM _rows"
    )
    for table, columns in (
        ("companies", "id VARCHAR"),
        ("deals", "id VARCHAR"),
        ("deal_history", "deal_id VARCHAR"),
        ("campaign_members", "id VARCHAR"),
        ("field_history", "object VARCHAR"),
        ("line_items", "id VARCHAR"),
        ("stages", "object VARCHAR"),
    ):
        engine.con.execute(f"CREATE TABLE {table} ({columns})")
    engine.con.close()


def ours(engine: Any) -> "Any":
    """The declared features, as the product computes them."""
    from sales_consultant.scoring.features.compile import counted
    from sales_consultant.scoring.features.declarations import Feature

    features = []
    for name, (kind, way) in KINDS.items():
        where = (("type", (kind,)), ("direction", (way,)))
        features += [Feature(f"{name}_{w}", "activities", name, "count", where, w) for w in WINDOWS]
        features.append(Feature(f"{name}_since", "activities", name, "days_since_last", where))
        features.append(Feature(f"{name}_trend", "activities", name, "trend", where, 30))
    members = _members(engine)
    return counted(engine, "contacts", "activities", features, members).assign(cut=members["cut"])


def _members(engine: Any) -> Any:
    """The contacts that there were at each cut-off, as the product's own members are."""
    import pandas as pd

    people = engine.con.execute("SELECT id AS record_id, created_at FROM contacts").df()
    rows = pd.concat([people[people["created_at"] <= c].assign(cut=c) for c in CUTS], ignore_index=True)
    return rows.assign(contact_id=rows["record_id"], company_id=None, company_created_at=None, pipeline=None)


def by_hand(engine: Any) -> "Any":
    """The same in SQL as somebody who knows DuckDB writes it: the links joined once, then a block a cut-off."""
    engine.con.execute(
        "CREATE TEMP TABLE seen AS SELECT l.to_id AS id, a.type, a.direction, a.occurred_at AS ts, a.known_at FROM "
        "associations l JOIN activities a ON a.id = l.from_id WHERE l.from_object = 'activity' AND "
        f"l.to_object = 'contact' AND NOT a.deleted AND a.known_at <= {max(CUTS)}"
    )
    blocks = []
    for c in CUTS:
        sums, shown = [], []
        for name, (kind, way) in KINDS.items():
            hit = f"type = '{kind}' AND direction {'IS NULL' if way is None else f'= {way!r}'} AND ts < {c}"
            for w in WINDOWS:
                sums.append(f"count(*) FILTER ({hit} AND ts >= {c - w * DAY}) AS {name}_{w}")
                shown.append(f"coalesce(g.{name}_{w}, 0) AS {name}_{w}")
            sums.append(f"max(ts) FILTER ({hit}) AS {name}_last")
            shown.append(f"({c} - g.{name}_last) // {DAY} AS {name}_since")
            shown.append(
                f"CASE WHEN g.{name}_90 > 0 THEN 3 * g.{name}_30::DOUBLE / g.{name}_90 END AS {name}_trend"
            )
        blocks.append(
            f"SELECT k.id AS record_id, {c}::BIGINT AS cut, {', '.join(shown)} FROM contacts k LEFT JOIN (SELECT id, "
            f"{', '.join(sums)} FROM seen WHERE known_at <= {c} GROUP BY 1) g USING (id) WHERE k.created_at <= {c}"
        )
    return engine.con.execute(" UNION ALL ".join(blocks)).df()


def _one(which: str, path: str, limit: str) -> None:
    """One side in this process: seconds, the peak of its memory, and what its columns sum to."""
    import resource

    import duckdb

    import sales_consultant.scoring.features.compile  # noqa: F401  what is imported is not what is measured

    engine = duckdb.connect(path, read_only=False)
    engine.con.execute(_SETTINGS.format(limit=limit, temp=str(Path(path).parent / f"{which}.tmp")))
    began = time.perf_counter()
    frame = {"ours": ours, "by_hand": by_hand}[which](engine)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    numbers = frame.drop(columns=["record_id"], errors="ignore")
    sums = {str(c): round(float(numbers[c].astype("float64").sum()), 3) for c in sorted(numbers)}
    print(json.dumps({"seconds": seconds, "mb": peak, "rows": len(frame), "sums": sums}))


def run() -> None:
    """Print seconds, the ratio to the peer's, and the peak of memory of both."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "activities.duckdb"
        make(path)
        found: dict[str, list[dict[str, Any]]] = {"ours": [], "by_hand": []}
        for _ in range(2):
            for which, results in found.items():
                command = [
                    sys.executable,
                    "-m",
                    "benchmarks.activities_as_of",
                    which,
                    str(path),
                    LIMITS[which],
                ]
                done = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")
                results.append(json.loads(done.stdout))
        mine, theirs = (min(found[k], key=lambda r: float(r["seconds"])) for k in ("ours", "by_hand"))
        if mine["sums"] != theirs["sums"]:
            sys.exit("activities_as_of: the two sides do not agree")
        print(
            f"activities_as_of: {mine['rows']:,} rows x {len(mine['sums']) - 1} features of {ACTIVITIES:,} activities at "
            f"{len(CUTS)} cut-offs in {mine['seconds']:.1f} s and {max(r['mb'] for r in found['ours']):.0f} MB; SQL by hand "
            f"{theirs['seconds']:.1f} s and {max(r['mb'] for r in found['by_hand']):.0f} MB: "
            f"{mine['seconds'] / theirs['seconds']:.2f} x"
        )


if __name__ == "__main__":
    _one(*sys.argv[1:4])
