"""Protected attributes: known by many names, never by chance in a model, and told when somebody puts one in."""

import pytest
from support.worlds import NOW, company

from sales_consultant.config.populations import Exclusions, FeatureSettings, Population
from sales_consultant.scoring.features.crm_fields import candidates, protected, without_history
from sales_consultant.scoring.training.training import train

DEALS = Population(object="deals", event="won", where={"pipeline": "sales"})


@pytest.mark.parametrize(
    "name",
    [
        *(
            "c_dob",
            "c_dateofbirth",
            "c_year_of_birth",
            "c_family_status",
            "c_sexual_orientation",
            "c_mother_tongue",
        ),
        *("c_native_language", "c_religious_belief", "c_health_status", "c_geschlecht", "c_country_of_birth"),
        *(
            "c_children",
            "c_union_member",
            "c_political_view",
            "c_nation",
            "c_age",
            "c_Marital Status",
            "c_birthday",
        ),
    ],
)
def test_protected_by_many_names(name: str) -> None:
    assert protected([f"contacts.{name}"]) == [f"contacts.{name}"]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "c_health_score",
            "c_healthcare",
            "c_page_views",
            "c_stage",
            "c_language",
            "c_migration_status",
            "c_agency",
        ),
        *("c_package", "c_trace_id", "c_international", "c_essex_region", "c_partner_party"),
    ],
)
def test_honest_names_are_not_protected(name: str) -> None:
    assert protected([f"contacts.{name}"]) == []


@pytest.mark.slow
def test_one_that_is_put_in_is_told() -> None:
    world = company(deals=60)
    for row in world.rows["fields"]:
        if row["column_name"] == "c_fit":
            row["column_name"] = "c_geschlecht"
    engine = world.connection()
    engine.con.execute("ALTER TABLE deals RENAME COLUMN c_fit TO c_geschlecht")
    kinds = {f.column: f.kind for f in candidates(engine, "deals", FeatureSettings())[1]}
    assert kinds["deals.c_geschlecht"] == "protected"
    put_in = FeatureSettings(protected=["deals.c_geschlecht"])
    model = train(engine, "p", DEALS, as_of=NOW, exclusions=Exclusions(), features=put_in).model
    assert model.card["protected"] == ["deals.c_geschlecht"]
    assert any(
        "protected attributes" in note and "deals.c_geschlecht" in note for note in model.card["notes"]
    )


def test_our_own_history_keeps_nothing_that_may_not_be_learnt_from() -> None:
    world = company(deals=60)
    for row in world.rows["fields"]:
        row["known"] = "current"
    engine = world.connection()
    kept = without_history(engine, FeatureSettings())
    assert {"industry", "c_employees"} <= kept["companies"]
    less = without_history(
        engine, FeatureSettings(omit=["companies.industry"], fixed=["companies.c_employees"])
    )
    assert less["companies"] == kept["companies"] - {"industry"}
    for row in world.rows["fields"]:
        if row["column_name"] == "c_employees":
            row["column_name"] = "c_religion"
    assert "c_employees" not in without_history(world.connection(), FeatureSettings()).get("companies", set())
