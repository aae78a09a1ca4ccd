"""A training: every model learnt, judged against the one in force, and published where it earned it."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sales_consultant.config.populations import Population
from sales_consultant.config.settings import Settings
from sales_consultant.engine import DuckEngine
from sales_consultant.scoring import deal_amounts, model_file, products
from sales_consultant.scoring.customers import (
    ClusterModel,
    ContractFields,
    SegmentModel,
    ValueModel,
    cluster_model,
    not_valued,
    segments,
    value,
)
from sales_consultant.scoring.deal_amounts import AmountModel
from sales_consultant.scoring.products import ProductModel
from sales_consultant.scoring.propensity import PopulationModel
from sales_consultant.scoring.training import Lender, borrow, bring, training
from sales_consultant.scoring.validation import no_change, nothing_ended
from sales_consultant.scoring.validation import publish_gate as gate
from sales_consultant.sync.journal import shown
from sales_consultant.sync.models.feature_names import check_features
from sales_consultant.sync.models.registry import (
    AMOUNT,
    CLUSTERS,
    PRODUCTS,
    SEGMENTS,
    TOO_LITTLE,
    VALUE,
    enter,
    in_force_row,
    index,
    keep,
    known_digest,
    load_latest,
    maybe_withdraw,
)
from sales_consultant.sync.stores import State

if TYPE_CHECKING:
    from sales_consultant.scoring.training import Trained
    from sales_consultant.scoring.validation import GateComparison

Say = Callable[[str], None]
Share = Callable[[str, int, int, float], None]
"""Called with what begins, which part of how many it belongs to (from 1), and the share of the whole training that is done,
0 to 1."""

# About how much time these take where a population's own steps take 100: measured on the demo's saas company but for the
# clusters, which are a guess. For an estimate only.
COMPARING = 5
CUSTOMERS = {"deal amounts": 6, "customer value": 4, "segments": 4, "products": 4, "clusters": 10}


@dataclass(frozen=True)
class TrainedModel:
    """One line of what a training did.

    `published`: whether it is in force now, and with `dry_run` whether it would be. `before` is the report of the model
    that was in force until then, `gate` how the two compare.
    """

    name: str
    kind: str
    digest: str
    verdict: str
    published: bool
    report: dict[str, Any]
    why: str = ""
    before: dict[str, Any] | None = None
    gate: "GateComparison | None" = None


def train(
    engine: DuckEngine,
    state: State,
    folder: Path,
    settings: Settings,
    *,
    as_of: int,
    now: int,
    say: Say,
    only: Collection[str] | None = None,
    dry_run: bool = False,
    progress: Share = lambda _what, _number, _of, _share: None,
) -> list[TrainedModel]:
    """Train every population's model, the customers' value and the segments, or `only` some; publish what earned it.

    A model that is no better than the base rate is kept with its report and not published; one in force is withdrawn
    only after two such verdicts in a row. One that is worse than the model in force, on outcomes neither has learnt from,
    is kept too, and the old one stays; so it does where there was too little data to learn from, for a thin warehouse says
    nothing against what was learnt before. A population with too little data of its own borrows its parent's model, where
    it names one. With `dry_run` all models are kept as candidates, and nothing is published or withdrawn.
    """
    check_features(engine, settings)
    # Parents first: their children may borrow what was learnt a moment ago.
    ordered = sorted(settings.populations.items(), key=lambda p: p[1].parent is not None)
    chosen = [p for p in ordered if only is None or p[0] in only]
    customers = only is None or bool({VALUE, SEGMENTS, AMOUNT, CLUSTERS} & set(only))
    alone = not customers and only is not None and PRODUCTS in only
    path = _Path(progress, len(chosen), customers or alone)
    made = _Training(engine, state, folder, settings, as_of, now, say, dry_run, path)
    for name, population in chosen:
        made.population(name, population)
    if customers:
        made.customers()
    elif alone:
        # After an upgrade it is the only one that never was: the others stay as they are.
        made.products()
    return made.done


@dataclass
class _Path:
    """How far a training is: all populations, one after another, then the customers."""

    progress: Share = lambda _what, _number, _of, _share: None
    populations: int = 0
    customers: bool = True
    number: int = 0
    called: str = ""

    def population(self, called: str) -> None:
        """The next population begins."""
        self.number, self.called = self.number + 1, called

    def step(self, what: str, done: int, total: int) -> None:
        """A step of the population's training begins."""
        self._tell(f"{self.called}: {what}, {done + 1} of {total}", sum(list(training.STEPS.values())[:done]))

    def comparing(self) -> None:
        """The population's model is held against the one in force, or another is borrowed."""
        self._tell(f"{self.called}: comparison with the model in force", 100)

    def part(self, what: str) -> None:
        """A part of what is learnt of customers begins."""
        self.number = self.populations + 1
        before = sum(CUSTOMERS[n] for n in takewhile(lambda n: n != what, CUSTOMERS))
        self._tell(f"customers: {what}", before)

    def _tell(self, what: str, cost: int) -> None:
        each, last = 100 + COMPARING, sum(CUSTOMERS.values()) if self.customers else 0
        share = ((self.number - 1) * each + cost) / (self.populations * each + last)
        self.progress(what, self.number, self.populations + self.customers, share)


@dataclass
class _Training:
    engine: DuckEngine
    state: State
    folder: Path
    settings: Settings
    as_of: int
    now: int
    say: Say
    dry_run: bool
    path: _Path = field(default_factory=_Path)
    done: list[TrainedModel] = field(default_factory=list)
    lenders: "dict[str, Lender]" = field(default_factory=dict)
    """Models of this training that came into force, or would, by their population."""

    def population(self, name: str, population: Population) -> None:
        called = population.label or name
        self.path.population(called)
        in_force = load_latest(self.state, self.folder, name, PopulationModel)
        comparable = _same_question(in_force, population)
        trained = self._learnt(name, population, comparable.horizon_days if comparable is not None else None)
        self.path.comparing()
        thin = trained.model.propensity is None
        no_news = not thin and self._nothing_ended_since(name, trained.model)
        if thin and (lender := self._lender(population)) is not None:
            exclude = self.settings.exclude
            trained = borrow(self.engine, name, population, lender, as_of=self.as_of, exclusions=exclude)
        report = trained.report.as_dict()
        report["leaks"] = [vars(x) if hasattr(x, "__dict__") else x for x in report.get("leaks", [])]
        report["ended"] = trained.model.card.get("ended")
        report["suspects"] = trained.model.card.get("suspects", [])
        publish, why = trained.publishable, trained.why
        gate = self._gate(in_force, trained)
        if gate is not None:
            report["gate"] = gate.as_dict()
        if publish and gate is not None and trained.judged is not None:
            publish, why = gate.publish, f"{why}; against the model in force: {gate.why}"
        own = (
            comparable is not None and comparable.propensity is not None and "borrowed" not in comparable.card
        )
        if thin and own and publish:
            publish = False
            why = f"{why}; the model in force stays: too little data cannot show that it is wrong"
            self.say(f"{called}: {why}")
        if publish and no_news:
            publish, why = False, f"{why}; nothing has ended since the last training, so its decision stays"
        if put_in := trained.model.card.get("protected"):
            self.say(f"{called}: features.protected puts in {', '.join(put_in)}: protected attributes")
        if publish and trained.model.propensity is not None:
            self.lenders[name] = Lender(trained.model, report, trained.tested)
        report["why"] = why
        verdict = str(report.get("verdict", ""))
        self._enter(name, "propensity", trained.model, verdict, report, publish=publish, gate=gate)
        if not trained.publishable and not self.dry_run and not no_news:
            maybe_withdraw(self.state, name, self.now)

    def _learnt(self, name: str, population: Population, horizon_before: int | None) -> "Trained":
        """A model of the population's own records, or the admin's own, judged by its past scores."""
        if population.scorer is not None:
            leave, before = self.settings.exclude, horizon_before
            at = self.as_of
            return bring(self.engine, name, population, as_of=at, exclusions=leave, horizon_before=before)
        return training.train(
            self.engine,
            name,
            population,
            as_of=self.as_of,
            exclusions=self.settings.exclude,
            features=self.settings.features,
            progress=self.path.step,
            shown=shown(self.state, population.object),
            horizon_before=horizon_before,
        )

    def _nothing_ended_since(self, name: str, model: "PopulationModel") -> bool:
        """Whether not one record has ended since the last training: asked every week, the same data would some day say yes.

        Nor do two such words count as two where a model is to be withdrawn.
        """
        rows = [r for r in index(self.state) if r["name"] == name and not r["report"].get("dry_run")]
        same = list(takewhile(lambda r: r["report"].get("ended") == model.card.get("ended"), rows))
        if not same or not model_file.of_this_format(self.folder / same[-1]["digest"]):
            return False
        first = model_file.load(self.folder / same[-1]["digest"])
        return isinstance(first, PopulationModel) and nothing_ended(first, model)

    def _lender(self, population: Population) -> "Lender | None":
        """The parent's model of this training where it is the one in force from now on, else the one in force."""
        if population.parent is None:
            return None
        if population.parent in self.lenders:
            return self.lenders[population.parent]
        row = in_force_row(self.state, population.parent)
        parent = load_latest(self.state, self.folder, population.parent, PopulationModel)
        parent = _same_question(parent, self.settings.populations[population.parent])
        if row is None or parent is None or parent.propensity is None or "borrowed" in parent.card:
            return None
        return Lender(parent, json.loads(row["report"]))

    def _gate(self, old: "PopulationModel | None", trained: "Trained") -> "GateComparison | None":
        """The new model against the one in force; None where there is none, or its file is lost."""
        if old is None or trained.today is None:
            return None
        return gate.compare(self.engine, old, trained.model, trained.judged, trained.today)

    def _enter(
        self,
        name: str,
        kind: str,
        model: Any,
        verdict: str,
        report: dict[str, Any],
        *,
        publish: bool,
        gate: "GateComparison | None" = None,
    ) -> None:
        """Keep a model, put it into the index and remember what became of it."""
        in_force = in_force_row(self.state, name)
        digest = keep(model, self.folder)
        before = (
            json.loads(in_force["report"]) | {"digest": in_force["digest"]} if in_force is not None else None
        )
        found = TrainedModel(
            name, kind, digest, verdict, publish, report, str(report.get("why", "")), before, gate
        )
        self.done.append(found)
        if in_force is not None and in_force["digest"] == digest:
            return  # The very model that is in force, learnt once more: it stays as it is.
        kept = {
            **report,
            "would_publish": publish,
            "against": in_force["digest"] if in_force is not None else None,
        }
        if self.dry_run:
            if known_digest(self.state, digest):
                return  # The very model that is there already: what is known of it stays.
            kept["dry_run"] = True
        enter(
            self.state,
            digest,
            name,
            kind,
            verdict,
            kept,
            self.as_of,
            self.now,
            publish=publish and not self.dry_run,
        )

    def _put(
        self, name: str, model: Any, card: dict[str, Any], *, thin: bool, stays: str = "", note: str = ""
    ) -> None:
        """Put the candidate in force; not one of rules in place of a trained one, nor where that one `stays` for a reason.

        `note` is what else there is to say of it.
        """
        against = "too little data: the model in force stays" if thin else stays
        why = "; ".join(t for t in (against, note) if t)
        if why:
            self.say(f"{name}: {why}")
        verdict = TOO_LITTLE if thin else ""
        self._enter(name, name, model, verdict, {**card, "why": why} if why else card, publish=not against)

    def customers(self) -> None:
        """What customers are worth and which segments there are, and the size of deals without an amount."""
        engine, state, folder, as_of = self.engine, self.state, self.folder, self.as_of
        exclude = self.settings.exclude
        self.path.part("deal amounts")
        sizes = deal_amounts.fit(engine, self.settings.features, as_of=as_of)
        guessed = load_latest(state, folder, AMOUNT, AmountModel)
        thin = sizes.kind == "none" and guessed is not None and guessed.kind != "none"
        self._put(AMOUNT, sizes, {"kind": sizes.kind, **_card(sizes)}, thin=thin)
        self.path.part("customer value")
        named = self.settings.value
        fields = ContractFields(named.renewal_date, named.term_months)
        customers = value.fit_customers(engine, as_of=as_of, exclusions=exclude, fields=fields)
        valued = load_latest(state, folder, VALUE, ValueModel)
        thin = customers.purchase_params is None and valued is not None and valued.purchase_params is not None
        stays = ""
        if valued is not None and not thin:
            stays = no_change.values_stay(engine, valued, customers, exclusions=exclude)
        note = not_valued(customers.card, valued=customers.purchase_params is not None)
        if not customers.card["customers"] and not thin:
            # In force it would say nothing of anybody, and look as if it did.
            stays, note = note, ""
        self._put(VALUE, customers, _card(customers), thin=thin, stays=stays, note=note)
        customers = valued if (thin or stays) and valued is not None else customers
        self.path.part("segments")
        worth = customers.predict(engine, as_of=as_of, exclusions=exclude)
        before = load_latest(state, folder, SEGMENTS, SegmentModel)
        edges = segments.fit(engine, as_of=as_of, values=worth, before=before, exclusions=exclude)
        thin = not edges.ranked and before is not None and before.ranked
        self._put(SEGMENTS, edges, _card(edges), thin=thin)
        self.products()
        if self.settings.write.set == "all":
            self.path.part("clusters")
            held = load_latest(state, folder, CLUSTERS, ClusterModel)
            groups = cluster_model.fit(engine, as_of=as_of, before=held, exclusions=exclude)
            card = {"method": groups.method, "verdict": groups.verdict, "clusters": list(groups.names)}
            self._enter(CLUSTERS, CLUSTERS, groups, groups.verdict, card, publish=True)

    def products(self) -> None:
        """What is recommended to customers; similarity only where it beat popularity, as the card says."""
        self.path.part("products")
        held = load_latest(self.state, self.folder, PRODUCTS, ProductModel)
        exclude = self.settings.exclude
        fresh = products.fit(self.engine, as_of=self.as_of, before=held, exclusions=exclude)
        if fresh.method == products.NONE:
            # In force it would say nothing of anybody, and look as if it did.
            thin = held is not None
            self._put(PRODUCTS, fresh, _card(fresh), thin=thin, stays="" if thin else fresh.card["said"])
            return
        tested = fresh.card["verdict"]
        card = {**_card(fresh), "why": fresh.card["said"]}
        self._enter(PRODUCTS, PRODUCTS, fresh, "" if tested == TOO_LITTLE else tested, card, publish=True)


def _same_question(held: "PopulationModel | None", population: Population) -> "PopulationModel | None":
    """The model in force where it answers what the settings ask today, else None."""
    if held is None:
        return None
    was = held.population
    same = (was.object, was.event, was.where) == (population.object, population.event, population.where)
    return held if same else None


def _card(model: Any) -> dict[str, Any]:
    return dict(getattr(model, "card", {}) or {})
