"""What scikit-learn asks of a classifier, without importing it: its tools (clone, cross_val_score) take ours as their own."""

from __future__ import annotations

import copy
import inspect
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from sales_consultant.scoring.propensity.kinds import InputError, not_fitted

if TYPE_CHECKING:
    from sales_consultant.scoring.propensity.columns import Table

# What `fit` takes beside X and y.
_ROUTED = ("as_of", "groups", "sample_weight")


class Classifier:
    """Parameters by name, classes, labels from probabilities; the library's own tags where it asks for them.

    The parameters are those of the class's `__init__`, each kept under its name.
    """

    feature_names_in_: list[str]
    classes_: NDArray[Any]

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
                raise InputError(
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
    def n_features_in_(self) -> int:
        """Columns that `fit` saw; AttributeError before that, as scikit-learn's tools expect."""
        return len(self.feature_names_in_)

    def __sklearn_is_fitted__(self) -> bool:
        """Whether `fit` was called."""
        return hasattr(self, "feature_names_in_")

    def _must_be_fitted(self) -> None:
        """ScoringError where nothing was learnt yet."""
        if not self.__sklearn_is_fitted__():
            raise not_fitted()("the model has learnt nothing yet: call fit first")

    def predict_proba(self, X: Table) -> NDArray[np.float64]:
        """P(no event) and P(event), shape (rows, 2)."""
        raise NotImplementedError

    def predict(self, X: Table) -> NDArray[Any]:
        """The label of the event where it is more probable than not, else the other, one a row."""
        event = self.predict_proba(X)[:, 1] > 0.5
        return np.asarray(self.classes_[event.astype(np.int64)])

    def score(self, X: Table, y: Any, sample_weight: Any = None) -> float:
        """The share of rows whose label `predict` gives, of their weight where one a row is given."""
        weight = None if sample_weight is None else np.asarray(sample_weight, dtype=float)
        return float(np.average(self.predict(X) == np.asarray(y), weights=weight))

    def set_score_request(self, *, sample_weight: bool | str | None = None) -> Self:
        """Say whether scikit-learn's tools are to pass sample_weight on to `score`, as `set_fit_request` does."""
        request = self.get_metadata_routing()
        request.score.add_request(param="sample_weight", alias=sample_weight)
        self._metadata_request = request
        return self

    def set_fit_request(self, **asked: bool | str | None) -> Self:
        """Say which of as_of, groups and sample_weight scikit-learn's tools are to pass on to `fit` (metadata routing).

        True: pass it on, False: do not, None: refuse it, a text: pass on what is called so.
        """
        if unknown := sorted(set(asked) - set(_ROUTED)):
            raise InputError(f"fit takes no {', '.join(unknown)}; it takes {', '.join(_ROUTED)}")
        request = self.get_metadata_routing()
        for name, value in asked.items():
            request.fit.add_request(param=name, alias=value)
        self._metadata_request = request
        return self

    def get_metadata_routing(self) -> Any:
        """What scikit-learn's tools are to pass on; only they call this, when the library is loaded."""
        from sklearn.utils.metadata_routing import MetadataRequest

        if hasattr(self, "_metadata_request"):
            return copy.deepcopy(self._metadata_request)
        request = MetadataRequest(owner=self)
        for name in _ROUTED:
            request.fit.add_request(param=name, alias=None)
        request.score.add_request(param="sample_weight", alias=None)
        return request

    def __sklearn_tags__(self) -> Any:
        """How scikit-learn's tools are to treat the model; only they call this, when the library is loaded."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(multi_class=False),
            input_tags=InputTags(categorical=True, string=True, allow_nan=True),
        )
