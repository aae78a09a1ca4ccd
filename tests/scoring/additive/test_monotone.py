"""Effects that go one way: the least of the penalised loss within the bounds, whichever way it is found."""

import numpy as np
import pandas as pd
import pytest

from sales_consultant.scoring.additive import Encoder, logistic
from sales_consultant.scoring.additive.linear import screen
from sales_consultant.scoring.additive.monotone import _bounded, _by_parabolas, _gram, one_way


@pytest.mark.parametrize(("strength", "least"), [(0.01, 0.0), (0.3, 2.0), (3.0, 0.0)])
def test_effects_of_one_meaning_go_one_way_and_cost_little(strength: float, least: float) -> None:
    rng = np.random.default_rng(1)
    keen = rng.normal(size=3000)
    calls = rng.poisson(np.exp(0.5 * keen + 1))
    columns = {f"calls_{w}": rng.binomial(calls, w / 400).astype(float) for w in (14, 30, 90, 365)}
    X = pd.DataFrame({**columns, "x": rng.normal(size=3000)})
    y = (rng.random(3000) < 1 / (1 + np.exp(1 - keen - 0.3 * X["x"]))).to_numpy().astype(float)
    weight = rng.random(3000) + 0.3
    encoder = Encoder.learn(X, hinges=3)
    Z, scale = encoder.encode(X), screen(encoder.encode(X), y, weight, least)
    coef, intercept = logistic(Z * scale, y, weight, strength)
    meanings = {c: ("calls", 1, 0, False) for c in columns}
    held, level = one_way(
        encoder,
        Z,
        y,
        weight,
        strength=strength,
        scale=scale,
        meanings=meanings,
        free=(coef * scale, intercept),
    )
    for name, start in zip(encoder.columns, encoder.starts(), strict=True):
        if name in columns:
            width = next(c.width for c in encoder.codes if c.name == name)
            assert (np.cumsum(held[start : start + width]) >= -1e-9).all(), name

    def loss(coef: np.ndarray, intercept: float) -> float:
        margin = Z @ coef + intercept
        return float(np.average(np.logaddexp(0.0, margin) - y * margin, weights=weight))

    assert loss(held, level) - loss(coef * scale, intercept) < 0.01


def test_parabolas_end_where_the_plain_way_ends() -> None:
    rng = np.random.default_rng(2)
    Z = rng.normal(size=(2000, 12)) @ rng.normal(size=(12, 12))
    y = (rng.random(2000) < 1 / (1 + np.exp(-0.3 * Z[:, 0] + 0.3 * Z[:, 1]))).astype(float)

    def loss(u: np.ndarray) -> tuple[float, np.ndarray]:
        margin = Z @ u[:-1] + u[-1]
        rest = 1 / (1 + np.exp(-margin)) - y
        value = (np.logaddexp(0.0, margin) - y * margin).sum() + u[:-1] @ u[:-1] / 2
        return float(value), np.r_[rest @ Z + u[:-1], rest.sum()]

    bounds: list[tuple[float | None, float | None]] = [*([(0.0, None)] * 12), (None, None)]
    gram = _gram(Z, np.full(2000, 0.25)) + np.diag([*np.ones(12), 0.0])
    begin = np.full(13, 0.1)
    plain, quick = _bounded(loss, begin, bounds), _by_parabolas(loss, lambda d: gram @ d, begin, bounds)
    assert (quick[:-1] >= 0).all()
    assert loss(quick)[0] < loss(plain)[0] + 1e-2
