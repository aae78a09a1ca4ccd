"""leadforge's planted leaks at each difficulty: which are dropped, and the AUC of what is left against a reference of ours.

The reference is a logistic regression of ours without the leaks on the same rows, fitted in the same run, and its band two
standard errors of an AUC on so many test rows (Hanley and McNeil 1982, equation 2). It is not a band that leadforge publishes,
and it is wide (about .07 either way): being within it says only that nothing is badly wrong.

The audit knows all three leaks by their names, as fields that are as of today. `hidden` gives them other names: what is then
dropped was found by values alone, and only that is a probe's merit. The task tables have no time of a value, so a probe in
time has nothing to look at here.
"""

import tempfile
from dataclasses import replace

DIFFICULTIES = ("intro", "intermediate", "advanced")


def error(auc: float, positives: int, negatives: int) -> float:
    """The standard error of an AUC.

    >>> round(error(0.7, 58, 692), 3)
    0.039
    """
    one, two = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (positives - 1) * (one - auc**2) + (negatives - 1) * (two - auc**2)
    return float((spread / (positives * negatives)) ** 0.5)


def run() -> None:
    """Print a line a difficulty."""
    from benchmarks.propensity import PLANTED, leadforge, peers
    from sales_consultant.scoring import metrics
    from sales_consultant.scoring.propensity import PropensityModel

    with tempfile.TemporaryDirectory() as folder:
        for difficulty in DIFFICULTIES:
            table = leadforge(difficulty, folder, leaks=True)
            model = PropensityModel().fit(table.train, table.y, groups=table.groups)
            found = [f.column for f in model.leaks_]
            hidden = {c: f"field_{k}" for k, c in enumerate(PLANTED)}
            renamed = PropensityModel(tables=False).fit(
                table.train.rename(columns=hidden), table.y, groups=table.groups
            )
            by_value = sum(f.column in hidden.values() for f in renamed.leaks_)
            y = table.y_test.astype(float)
            auc = metrics.auc(y, model.predict_proba(table.test)[:, 1])
            kept = [c for c in table.train if c not in PLANTED]
            clean = replace(table, train=table.train[kept], test=table.test[kept])
            reference = metrics.auc(y, peers(clean)["logistic"])
            band = 2 * error(reference, int(y.sum()), int(len(y) - y.sum()))
            print(
                f"leadforge_leaks: {difficulty}: {sum(c in found for c in PLANTED)} of {len(PLANTED)} planted leaks dropped by name, {by_value} by "
                f"value where their names are hidden"
                f"{''.join(f', {c} too' for c in found if c not in PLANTED)}; AUC {auc:.3f} on {len(y)} rows, logistic "
                f"regression (ours) without them {reference:.3f}, two standard errors {reference - band:.3f} to {reference + band:.3f}: "
                f"{'within' if abs(auc - reference) <= band else 'OUTSIDE'}",
                flush=True,
            )
