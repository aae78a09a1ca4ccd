"""What scikit-learn asks of a classifier, without importing it: its tools (clone, cross_val_score) take ours as their own."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sales_consultant.scoring.core import ScoringError

if TYPE_CHECKING:
    from collections.abc import Sequence

    Table: TypeAlias = pd.DataFrame | ArrayLike


class Classifier:
    """Parameters by name, classes, labels from probabilities; the library's own tags where it asks for them.

    The parameters are those of the class's `__init__`, each kept under its name.
    """

    feature_names_in_: list[str]

    @classmethod
    def _parameters(cls) -> list[str]:
        return [n for n in inspect.signature(cls.__init__).parameters if n != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name; none of them has parameters of its own, so `deep` changes nothing."""
        return {name: getattr(self, name) for name in self._parameters()}

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name; ScoringError for one that does not exist."""
        known = self._parameters()
        for name, value in params.items():
            if name not in known:
                raise ScoringError(
                    f"{type(self).__name__} has no parameter {name!r}; it has {', '.join(known)}"
                )
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        """The class and the parameters that are not their defaults."""
        defaults = {n: p.default for n, p in inspect.signature(type(self).__init__).parameters.items()}
        told = [
            f"{n}={v!r}" for n, v in self.get_params().items() if v is not defaults[n] and v != defaults[n]
        ]
        return f"{type(self).__name__}({', '.join(told)})"

    @property
    def classes_(self) -> NDArray[np.int64]:
        """The labels, in the order of the columns of `predict_proba`."""
        return np.array([0, 1])

    @property
    def n_features_in_(self) -> int:
        """Columns that `fit` saw."""
        return len(self.feature_names_in_)

    def predict_proba(self, X: Table) -> NDArray[np.float64]:
        """P(no event) and P(event), shape (rows, 2)."""
        raise NotImplementedError

    def predict(self, X: Table) -> NDArray[np.int64]:
        """1 where the event is at least as probable as not, else 0, one a row."""
        return (self.predict_proba(X)[:, 1] >= 0.5).astype(np.int64)

    def score(self, X: Table, y: Any) -> float:
        """The share of rows whose label `predict` gives."""
        return float((self.predict(X) == np.asarray(y)).mean())

    def __sklearn_tags__(self) -> Any:
        """How scikit-learn's tools are to treat the model; only they call this, when the library is loaded."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(multi_class=False),
            input_tags=InputTags(categorical=True, string=True, allow_nan=True),
        )


def labels(y: ArrayLike, rows: int, *, least: int = 0, **beside: ArrayLike | None) -> NDArray[np.float64]:
    """The labels as 0 and 1. ScoringError where they are anything else, or `beside` (a row each, too) does not fit them.

    `least` is how many rows of each label there must be.
    """
    try:
        numbers = np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError):
        numbers = np.zeros(0)
    if numbers.shape != (rows,) or not np.isin(numbers, (0.0, 1.0)).all():
        raise ScoringError("y must hold 0 or 1, one for each row of X")
    for name, values in beside.items():
        if values is not None and len(np.asarray(values)) != rows:
            raise ScoringError(f"{name} must hold one value for each of the {rows} rows of X")
    if (weight := beside.get("sample_weight")) is not None and not np.asarray(weight, dtype=float).sum() > 0:
        raise ScoringError("sample_weight must not be 0 for all rows")
    if min(numbers.sum(), rows - numbers.sum()) < least:
        raise ScoringError("this tier needs rows of both labels; leave the tier to the data with tier='auto'")
    return numbers


def named(X: Table, expected: Sequence[str] | None = None) -> pd.DataFrame:
    """A table with texts for column names: those of a frame as text, x0, x1, ... for an array.

    `expected` are the columns that a model has learnt: an array's columns are taken to be these in their order.
    ScoringError where a name is there twice, or an expected one is missing.
    """
    if not isinstance(X, pd.DataFrame):
        values = np.asarray(X)
        if values.ndim != 2 or (expected is not None and values.shape[1] != len(expected)):
            wanted = f"{len(expected)} columns" if expected is not None else "two dimensions"
            raise ScoringError(f"X must have {wanted}, it has the shape {values.shape}")
        names = expected if expected is not None else [f"x{i}" for i in range(values.shape[1])]
        return pd.DataFrame(values, columns=list(names)).infer_objects()
    if not all(type(c) is str for c in X.columns):
        X = X.set_axis([str(c) for c in X.columns], axis=1)
    if not X.columns.is_unique:
        twice = sorted(set(X.columns[X.columns.duplicated()]))
        raise ScoringError(
            f"X has more than one column named {', '.join(twice[:5])}; give each a name of its own"
        )
    missing = [c for c in expected or () if c not in X.columns]
    if missing:
        raise ScoringError(f"X lacks {len(missing)} of the columns learnt from: {', '.join(missing[:5])}")
    return X
