"""Tables of the state for what reports must find again: experiments, whom they drew, and forecasts as they were given."""

import sqlalchemy as sa

metadata = sa.MetaData()

# An experiment as it was announced before it began; `content` is JSON: its design, and what it told when it ended.
experiments = sa.Table(
    "experiments",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("salt", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
)

# Whom an experiment drew, and into which arm; the covariate is the score by then. Kept apart from `groups`, which say what
# holds today: only who was drawn in an experiment is compared in it.
experiment_units = sa.Table(
    "experiment_units",
    metadata,
    sa.Column("experiment_id", sa.Text, primary_key=True),
    sa.Column("unit", sa.Text, primary_key=True),
    sa.Column("arm", sa.Text, nullable=False),
    sa.Column("cluster", sa.Text, nullable=False, server_default=""),
    sa.Column("covariate", sa.Float),
    sa.Column("assigned_at", sa.BigInteger, nullable=False),
)
sa.Index("experiment_units_by_unit", experiment_units.c.unit)

# Forecasts as they were shown, for good: figures that were given once never change. `content` is JSON.
forecasts = sa.Table(
    "forecasts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("as_of", sa.BigInteger, nullable=False),
    sa.Column("made_at", sa.BigInteger, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
)
