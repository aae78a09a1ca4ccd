"""What `explain` shows of a record: its features as the model saw them."""

import pytest
from support.worlds import NOW, company

from sales_consultant.config.populations import Exclusions, FeatureSettings, Population
from sales_consultant.scoring import scorer
from sales_consultant.scoring.features.build import build
from sales_consultant.scoring.populations.members import Membership
from sales_consultant.scoring.training.training import train

DEALS = Population(object="deals", event="won", where={"pipeline": "sales"})


@pytest.mark.slow
def test_the_features_of_one_record_are_shown_as_the_model_saw_them() -> None:
    with company(deals=90).connection() as engine:
        model = train(
            engine, "t", DEALS, as_of=NOW, exclusions=Exclusions(), features=FeatureSettings()
        ).model
        rows = Membership(engine, DEALS, Exclusions(), as_of=NOW).at(NOW)
        mine = str(rows["record_id"].iloc[2])
        _, features = scorer.score_with_features(engine, model, mine, as_of=NOW, exclusions=Exclusions())
        X = build(engine, "deals", model.features, rows)
        _, other = scorer.score_with_features(engine, model, "nobody", as_of=NOW, exclusions=Exclusions())
    shown = {f["feature"]: f for f in features}
    assert list(shown) == [f.name for g in model.groups for f in model.features if f.group == g.name]
    row = X.iloc[2]
    assert shown["age_days"]["value"] == row["age_days"] and shown["stage"]["value"] == row["stage"]
    assert shown["meetings_30d"]["side"] == "buyer" and shown["emails_sent_30d"]["side"] == "seller"
    assert shown["stage"]["said"] == f"stage: {row['stage'].title()}"
    assert shown["reply_rate_90d"]["value"] == (0.0 if row["emails_sent_90d"] else None)
    assert other == []
