"""The process that runs leadforge: one simulated world, looked at after several numbers of days.

    python -m sales_consultant.demo.saas.leadforge_run RECIPE_JSON OUT HORIZON...

A world simulated for fewer days is an exact prefix of the same world simulated for more, so that the short runs tell
when a lead reached a stage, which the long one alone does not. Only what a CRM would show is taken out of a run: the
simulation's hidden traits, its labels and its task files never leave this process.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

RECIPE = "b2b_saas_procurement_v1"
FIELDS: dict[str, tuple[str, ...]] = {
    "accounts": (
        "account_id",
        "industry",
        "region",
        "employee_band",
        "estimated_revenue_band",
        "process_maturity_band",
        "created_at",
    ),
    "contacts": (
        "contact_id",
        "job_title",
        "role_function",
        "seniority",
        "buyer_role",
        "email_domain_type",
    ),
    "leads": ("lead_id", "contact_id", "account_id", "lead_created_at", "lead_source", "owner_rep_id"),
    "opportunities": (
        "opportunity_id",
        "lead_id",
        "created_at",
        "estimated_acv",
        "close_outcome",
        "closed_at",
    ),
    "sales_activities": (
        "activity_id",
        "lead_id",
        "rep_id",
        "activity_timestamp",
        "activity_type",
        "activity_outcome",
    ),
    "touches": ("touch_id", "lead_id", "touch_timestamp", "touch_type", "touch_direction"),
    "sessions": ("session_id", "lead_id", "session_timestamp", "page_views", "pricing_page_views"),
}
"""What is read of the long run: tables and columns. Final stages, labels and outcomes of leads are not among them."""

Raw = dict[str, list[dict[str, Any]]]


def simulate(recipe: dict[str, Any], horizon: int) -> Any:
    """leadforge's bundle of the recipe's world after `horizon` days."""
    from leadforge.api import Generator

    generator = Generator.from_recipe(
        RECIPE,
        seed=recipe["seed"],
        exposure_mode="research_instructor",
        difficulty=recipe["difficulty"],
        n_accounts=recipe["n_accounts"],
        n_contacts=recipe["n_contacts"],
        n_leads=recipe["n_leads"],
        horizon_days=horizon,
        # These two shape the label and the task files, which nobody reads; leadforge wants them within the horizon.
        label_window_days=min(recipe["label_window_days"], horizon),
        snapshot_day=min(30, horizon),
    )
    return generator.generate()


def rows(bundle: Any) -> Raw:
    """The bundle's tables, cut down to FIELDS, in the simulation's order."""
    tables: Raw = {}
    for table, columns in FIELDS.items():
        source = bundle.population if table in ("accounts", "contacts") else bundle.simulation_result
        tables[table] = [{name: getattr(row, name) for name in columns} for row in getattr(source, table)]
    return tables


def stages(bundle: Any) -> Raw:
    """The stage each lead has reached in the bundle."""
    return {
        "stages": [
            {"lead_id": lead.lead_id, "stage": lead.current_stage} for lead in bundle.simulation_result.leads
        ]
    }


def write(raw: Raw, out: Path, prefix: str) -> None:
    """Each table as `prefix`-`table`.parquet."""
    for table, found in raw.items():
        pq.write_table(pa.Table.from_pylist(found), out / f"{prefix}-{table}.parquet")


def read(out: Path, prefix: str) -> Raw:
    """The tables that `write` wrote."""

    def files() -> Iterator[tuple[str, list[dict[str, Any]]]]:
        for path in sorted(out.glob(f"{prefix}-*.parquet")):
            yield path.stem.removeprefix(f"{prefix}-"), pq.read_table(path).to_pylist()

    return dict(files())


def main(arguments: list[str]) -> None:
    """Run the recipe to each horizon; a line with the horizon says that it is done."""
    recipe, out = json.loads(arguments[0]), Path(arguments[1])
    for horizon in map(int, arguments[2:]):
        bundle = simulate(recipe, horizon)
        long = horizon == recipe["horizon_days"]
        write(rows(bundle) if long else stages(bundle), out, "long" if long else f"day{horizon}")
        print(horizon, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
