"""Association rules, similar products and popularity on published data, and pair rules beside mlxtend's fpgrowth.

`python -m benchmarks products --data DIR` reads `groceries.csv` (R package arules) and `online_retail.parquet` (UCI, DOI
10.24432/C5BW33) from a folder; without `--data` what needs no files is measured on made baskets.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from sales_consultant.config.clock import DAY_MS
from sales_consultant.demo.shop.shop import LINES_AN_ORDER, SAMPLE, orders_of
from sales_consultant.scoring.products import (
    Baskets,
    Bought,
    association_rules,
    cosine,
    encode,
    pair_rules,
    popular,
    recommend,
)
from sales_consultant.scoring.products.baskets import incidence
from sales_consultant.scoring.products.model import of_bought

BASKETS, PRODUCTS, SUPPORT = 100_000, 200, 0.005
FRANCE = (
    ("ALARM CLOCK BAKELIKE GREEN", "ALARM CLOCK BAKELIKE RED"),
    ("ALARM CLOCK BAKELIKE RED", "ALARM CLOCK BAKELIKE GREEN"),
)


def run(data: Path | None = None) -> None:
    """Print one line a figure; `data` is the folder with the two files."""
    made_pairs()
    made_companies()
    shop_nights()
    if data is None:
        print("products: no --data DIR, so Groceries and Online Retail were not measured")
        return
    groceries(data / "groceries.csv")
    retail = pd.read_parquet(data / "online_retail.parquet")
    france(retail)
    last_new_item(retail)


def made_baskets(baskets: int = BASKETS, products: int = PRODUCTS, *, seed: int = 7) -> Baskets:
    """Baskets of about six products each, of which some are bought often and ten pairs go together."""
    rng = np.random.default_rng(seed)
    chance = np.clip(0.12 * np.arange(1, products + 1) ** -0.4, 0, 1)
    X = rng.random((baskets, products)) < chance
    for pair in range(10):
        X[:, 2 * pair + 1] |= X[:, 2 * pair] & (rng.random(baskets) < 0.5)
    return Baskets(tuple(f"p{i:03d}" for i in range(products)), sparse.csr_matrix(X.astype(np.int32)))


def _best(work: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    """The shortest of some runs in seconds, and what the last one gave."""
    seconds, found = [], None
    for _ in range(times):
        started = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - started)
    return min(seconds), found


def made_pairs() -> None:
    """Pair rules of made baskets beside mlxtend's, on the same matrix: their number and their figures are compared."""
    from mlxtend.frequent_patterns import association_rules as peer_rules
    from mlxtend.frequent_patterns import fpgrowth

    held = made_baskets()
    table = pd.DataFrame.sparse.from_spmatrix(held.matrix.astype(bool), columns=list(held.items))
    dense = pd.DataFrame(held.matrix.toarray().astype(bool), columns=list(held.items))
    names = [[held.items[i] for i in row] for row in held.matrix.tolil().rows]
    coding, _ = _best(lambda: encode(names), 1)
    ours, rules = _best(lambda: pair_rules(held, min_support=SUPPORT, min_confidence=0.1))
    whole, same = _best(
        lambda: association_rules(held, min_support=SUPPORT, min_confidence=0.1, max_size=2), 1
    )

    def peer(frame: pd.DataFrame) -> pd.DataFrame:
        sets = fpgrowth(frame, min_support=SUPPORT, use_colnames=True, max_len=2)
        return pd.DataFrame(peer_rules(sets, metric="confidence", min_threshold=0.1))

    theirs, found = _best(lambda: peer(dense), 1)
    theirs_sparse, _ = _best(lambda: peer(table), 1)
    key = {
        (next(iter(a)), next(iter(c))): lift
        for a, c, lift in zip(found["antecedents"], found["consequents"], found["lift"], strict=True)
    }
    worst = max(
        abs(key[a, c] / lift - 1)
        for a, c, lift in zip(rules["antecedent"], rules["consequent"], rules["lift"], strict=True)
    )
    print(
        f"products: pair rules of {BASKETS:,} baskets of {PRODUCTS} products, support {SUPPORT}: {ours:.3f} s, "
        f"{len(rules):,} rules; mlxtend fpgrowth max_len=2 {theirs:.2f} s dense, {theirs_sparse:.2f} s sparse, {len(found):,} "
        f"rules ({theirs / ours:.0f} times as long), lifts differ by at most {worst:.1e}; association_rules of two items "
        f"{whole:.2f} s, {len(same):,} rules; names to a matrix {coding:.2f} s"
    )


def made_companies() -> None:
    """A night of many companies: the model learnt, and a product recommended to each; then once more with what is shown."""
    held = made_baskets()
    rows, columns = held.matrix.nonzero()
    rng = np.random.default_rng(8)
    day = rng.integers(0, 700, len(rows))
    frame = pd.DataFrame(
        {
            "customer": np.char.add("c", rows.astype(str)).astype(object),
            "product_id": np.asarray(held.items, dtype=object)[columns],
            "at": day * DAY_MS,
            "known_at": (day * DAY_MS).astype(float),
            "returned": False,
        }
    ).sort_values("at", kind="stable", ignore_index=True)
    bought = Bought(frame, {i: i.upper() for i in held.items})
    as_of = 720 * DAY_MS
    learning, model = _best(lambda: of_bought(bought, as_of=as_of), 1)
    night, told = _best(lambda: model.of_bought(bought, as_of=as_of), 1)
    shown = dict(zip(told["record_id"], told["product"], strict=True))
    _, again = _best(lambda: model.of_bought(bought, as_of=as_of + DAY_MS, previous=shown), 1)
    changed = sum(shown[i] != p for i, p in zip(again["record_id"], again["product"], strict=True))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"products: {len(frame):,} line items of {frame['customer'].nunique():,} companies ({model.method}): model with its test "
        f"{learning:.1f} s, a product for {len(told):,} of them {night:.1f} s, the next night {changed} changed; "
        f"peak {memory:.0f} MB"
    )


def shop_nights() -> None:
    """Thirty nights of the demo's shop in which nobody buys, with a training every week: how many recommendations change."""
    sales, _ = orders_of(SAMPLE)
    rows = [
        (f"customer_{order.customer}", line.code, order.at * 1000)
        for order in sales
        for line in sorted(
            (x for x in order.lines if x.is_product), key=lambda x: (-x.amount, x.code, x.quantity)
        )[:LINES_AN_ORDER]
    ]
    frame = pd.DataFrame(rows, columns=["customer", "product_id", "at"]).sort_values(
        "at", kind="stable", ignore_index=True
    )
    bought = Bought(
        frame.assign(known_at=frame["at"].astype(float), returned=False),
        {p: p for p in set(frame["product_id"])},
    )
    as_of = int(frame["at"].max()) + DAY_MS
    model = of_bought(bought, as_of=as_of)
    told = model.of_bought(bought, as_of=as_of)
    shown = dict(zip(told["record_id"], told["product"], strict=True))
    changed = 0
    for night in range(1, 31):
        if night % 7 == 0:
            model = of_bought(bought, as_of=as_of + night * DAY_MS, before=model)
        again = model.of_bought(bought, as_of=as_of + night * DAY_MS, previous=shown)
        now = dict(zip(again["record_id"], again["product"], strict=True))
        changed += sum(now.get(i) != shown.get(i) for i in now.keys() | shown.keys())
        shown = now
    print(
        f"products: the demo's shop, {len(told):,} companies with a recommended product, 30 nights with 4 trainings and no "
        f"purchase: {changed} changed; {model.card['said']}"
    )


def groceries(file: Path) -> None:
    """The published numbers of rules with one item on the right side."""
    lines = file.read_text(encoding="utf-8").splitlines()
    baskets = [[i.strip() for i in line.split(",")] for line in lines if line]
    for support, confidence, published in ((0.006, 0.25, 463), (0.001, 0.8, 410)):
        seconds, rules = _best(
            lambda s=support, c=confidence: association_rules(baskets, min_support=s, min_confidence=c), 1
        )
        top = rules.iloc[0]
        print(
            f"products: Groceries support {support} confidence {confidence}: {len(rules)} rules (published {published}), first "
            f"{', '.join(top['antecedent'])} -> {top['consequent']} lift {top['lift']:.3f}; {seconds:.2f} s"
        )


def france(retail: pd.DataFrame) -> None:
    """Rules of the French invoices, POSTAGE dropped, support .07."""
    lines = retail[retail["Country"].eq("France") & ~retail["InvoiceNo"].astype(str).str.startswith("C")]
    lines = lines[lines["Description"].notna()].assign(item=lines["Description"].str.strip())
    baskets = [[i for i in set(items) if i != "POSTAGE"] for _, items in lines.groupby("InvoiceNo")["item"]]
    rules = association_rules(baskets, min_support=0.07, min_confidence=0.0)
    by = {
        (a, c): (conf, lift)
        for a, c, conf, lift in zip(
            rules["antecedent"], rules["consequent"], rules["confidence"], rules["lift"], strict=True
        )
    }
    told = "; ".join(
        f"{a} -> {c} confidence {by[(a,), c][0]:.3f} lift {by[(a,), c][1]:.3f}" for a, c in FRANCE
    )
    strong = int(((rules["lift"] >= 6) & (rules["confidence"] >= 0.8)).sum())
    print(
        f"products: Online Retail, France, {len(baskets)} invoices: {told} (published .816 and .838, lift 8.643); {strong} rules "
        "with lift >= 6 and confidence >= .8, any size"
    )


def clean_lines(retail: pd.DataFrame) -> pd.DataFrame:
    """Lines of orders: customer known, no cancellation, quantity and price above zero, without doubles."""
    cancelled = retail["InvoiceNo"].astype(str).str.startswith("C")
    hit = retail["CustomerID"].notna() & ~cancelled & retail["Quantity"].gt(0) & retail["UnitPrice"].gt(0)
    lines = retail[hit].drop_duplicates()
    return lines.assign(at=pd.to_datetime(lines["InvoiceDate"]))


def last_new_item(retail: pd.DataFrame) -> None:
    """Each customer's last new item held out: how often it is among the first ten."""
    lines = clean_lines(retail).sort_values(["CustomerID", "at"], kind="stable")
    first = lines.drop_duplicates(["CustomerID", "StockCode"])
    first = first[first.groupby("CustomerID")["StockCode"].transform("size") >= 2]
    last = first.groupby("CustomerID").tail(1)
    past = first.drop(last.index)
    items, users = pd.Index(sorted(set(past["StockCode"]))), pd.Index(sorted(set(past["CustomerID"])))
    owned = incidence(
        users.get_indexer(pd.Index(past["CustomerID"])),
        items.get_indexer(pd.Index(past["StockCode"])),
        (len(users), len(items)),
    )
    target = items.get_indexer(pd.Index(last.set_index("CustomerID")["StockCode"].reindex(users)))
    started = time.perf_counter()
    found = recommend(owned, cosine(owned), top=10)
    seconds = time.perf_counter() - started
    baseline = popular(owned, np.asarray(owned.sum(axis=0)).ravel(), top=10)
    ours, theirs = ((f == target[:, None]).any(axis=1).mean() for f in (found, baseline))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"products: Online Retail, last new item of {len(users):,} customers, {len(items):,} products: HR@10 item similarity "
        f"{ours:.4f} (item-kNN cosine of the fact sheet .108), popularity {theirs:.4f}; {seconds:.1f} s; peak {memory:.0f} MB"
    )
