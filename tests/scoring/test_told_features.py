"""What `explain` tells of a record: its features as the model saw them."""

from support.worlds import NOW, company

from sales_consultant.config.populations import Exclusions, FeatureSettings, Population
from sales_consultant.scoring import scorer
from sales_consultant.scoring.features.build import build
from sales_consultant.scoring.populations.members import Membership
from sales_consultant.scoring.training.training import train

DEALS = Population(object="deals", event="won", where={"pipeline": "sales"})


def test_the_features_of_one_record_are_told_as_they_are() -> None:
    with company(deals=90).connection() as engine:
        model = train(
            engine, "t", DEALS, as_of=NOW, exclusions=Exclusions(), features=FeatureSettings()
        ).model
        rows = Membership(engine, DEALS, Exclusions(), as_of=NOW).at(NOW)
        mine = str(rows["record_id"].iloc[2])
        _, features = scorer.score_and_tell(engine, model, mine, as_of=NOW, exclusions=Exclusions())
        X = build(engine, "deals", model.features, rows)
        _, other = scorer.score_and_tell(engine, model, "nobody", as_of=NOW, exclusions=Exclusions())
    told = {f["feature"]: f for f in features}
    assert list(told) == [f.name for g in model.groups for f in model.features if f.group == g.name]
    row = X.iloc[2]
    assert told["age_days"]["value"] == row["age_days"] and told["stage"]["value"] == row["stage"]
    assert told["meetings_30d"]["side"] == "buyer" and told["emails_sent_30d"]["side"] == "seller"
    assert told["stage"]["said"] == f"stage: {row['stage'].title()}"
    assert told["reply_rate_90d"]["value"] == (0.0 if row["emails_sent_90d"] else None)
    assert other == []
