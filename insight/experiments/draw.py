"""Who is treated and who is the control: drawn once for an experiment, by a salted hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from sales_consultant.config.errors import UsageError

TREATED, CONTROL, EXCLUDED = "treated", "control", "excluded"


def draw(unit: str, salt: str) -> float:
    """A number in [0, 1) that belongs to the unit in this experiment for good: SHA-256 of "salt:unit", first 8 bytes.

    >>> draw("companies:1", "s") == draw("companies:1", "s")
    True
    """
    digest = hashlib.sha256(f"{salt}:{unit}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def assign(
    units: pd.DataFrame,
    *,
    salt: str,
    share: float,
    excluded: Iterable[str] = (),
    clustered: bool = False,
    known: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """The group of every unit of an experiment.

    units
        One row a unit: `unit` (its key) and, where `clustered`, `cluster` (the owner; a unit without one is a cluster
        of its own). Rows without a unit are left out, of repeated ones the first counts.
    salt
        The experiment's own salt. Another experiment has another salt: its groups are independent of this one's.
    share
        The share of control, in (0, 1). All units of a cluster share their group, so the share of units is met only
        on average.
    excluded
        Units that are left out before the draw, because the company's own automation depends on our values there.

    known
        Only where `clustered`, for units that come later: the group that each cluster was given at the start.

    Single units: control are those whose draw is below the share. The draw knows nothing but salt and key: neither the
    order of rows, nor other units, nor the exclusions change the group of a unit, now or later.

    Clusters are few, and a lot by itself could leave one owner of twelve in control: at the start (nothing `known`) the
    round(share x clusters) clusters with the smallest draws are control, at least one and not all. A cluster that comes
    later is drawn as a unit is. Excluded units are not counted as clusters.

    Returns unit, cluster, draw (in [0, 1)), group ("treated", "control", "excluded"), index 0..n-1.

    Raises UsageError for a share that is no share, and for an experiment without salt.
    """
    if not 0.0 < share < 1.0:
        raise UsageError(
            f"A control share of {share:g} leaves nobody to compare with.",
            action="Give a share between 0 and 1, for example 0.2.",
        )
    if not salt:
        raise UsageError("The experiment has no salt.", action="Start the experiment anew: it draws one.")
    keys, cluster = _clusters(units, clustered)
    drawn_by = cluster if clustered else keys
    codes, once = pd.factorize(drawn_by.to_numpy(dtype=object))
    each = np.array([draw(str(key), salt) for key in once], dtype="float64")
    draws = pd.Series(each[codes] if len(once) else 0.0, index=keys.index, dtype="float64")
    out = keys.isin(set(excluded))
    edge = share
    if clustered and not known and not out.all():
        edge = _edge(draws[~out], share)
    group = pd.Series(TREATED, index=keys.index, dtype="object").mask(draws < edge, CONTROL)
    if clustered and known:
        before = cluster.map(dict(known))
        group = group.where(before.isna(), before)
    group = group.mask(out, EXCLUDED)
    return pd.DataFrame({"unit": keys, "cluster": cluster, "draw": draws, "group": group})


def _clusters(units: pd.DataFrame, clustered: bool) -> tuple[pd.Series[str], pd.Series[str]]:
    """The key of each unit and of its cluster, once each."""
    known = units.dropna(subset=["unit"]).drop_duplicates("unit").reset_index(drop=True)
    keys = known["unit"].astype(str)
    own = "unit:" + keys
    if not clustered or "cluster" not in known:
        return keys, own
    given = known["cluster"].astype("object")
    return keys, ("cluster:" + given.astype(str)).where(given.notna() & (given != ""), own)


def _edge(draws: pd.Series[float], share: float) -> float:
    """Below which draw as many clusters are control as the share says."""
    ordered = sorted(draws.unique())
    if len(ordered) < 2:
        return share
    return float(ordered[min(max(round(share * len(ordered)), 1), len(ordered) - 1)])
