"""A company of as many deals as asked, as the neutral tables of a warehouse: what `train` reads, without a CRM in between.

Deals are won by how well they fit, by how keen the people are, which meetings and replies show, and by the company. Ratios
are those of small CRMs: half a company, one and a half contacts, nine activities, five lines of history and one line item
a deal; stages take their time, amounts and close dates change.
"""

from typing import Any

DAY = 86_400_000
NOW = 1_700_000_000_000 // DAY * DAY
DAYS = 1080
STAGES = ("new", "qualified", "demo", "offer", "won", "lost")
CUSTOM = {
    "deals": {"c_fit": "VARCHAR", "c_source": "VARCHAR", "c_budget": "DOUBLE", "c_users": "DOUBLE"},
    "contacts": {"c_language": "VARCHAR", "c_team_size": "DOUBLE"},
    "companies": {"c_employees": "DOUBLE", "c_country": "VARCHAR", "c_segment": "VARCHAR"},
}
# Kind of each field that the CRM tells of, and what is known of its past.
FIELDS = {
    "deals": {
        "type": ("enumeration", "fixed"),
        "c_fit": ("enumeration", "history"),
        "c_source": ("enumeration", "fixed"),
        "c_budget": ("number", "current"),
        "c_users": ("number", "history"),
    },
    "contacts": {
        "title": ("string", "fixed"),
        "lead_source": ("enumeration", "current"),
        "c_language": ("enumeration", "current"),
        "c_team_size": ("number", "fixed"),
    },
    "companies": {
        "industry": ("enumeration", "current"),
        "c_employees": ("number", "current"),
        "c_country": ("enumeration", "fixed"),
        "c_segment": ("enumeration", "current"),
    },
}


def fill(engine: Any, deals: int, seed: int = 1) -> dict[str, int]:
    """Make the neutral tables of the company; how many rows each has."""
    from sales_consultant.config.neutral import NEUTRAL

    frames = _Made(deals, seed).tables()
    for name, types in NEUTRAL.items():
        columns = types | CUSTOM.get(name, {})
        engine.con.execute(f"CREATE TABLE {name} ({', '.join(f'{c} {t}' for c, t in columns.items())})")
        if name not in frames:
            continue
        frame = frames[name]
        shown = ", ".join(f"CAST({c} AS {columns[c]})" for c in frame.columns)
        engine.con.register("_made", frame)
        engine.con.execute(f"INSERT INTO {name} ({', '.join(frame.columns)}) SELECT {shown} FROM _made")
        engine.con.unregister("_made")
    return {name: len(frame) for name, frame in frames.items()}


class _Made:
    """The company while it is made: arrays with one value a deal."""

    def __init__(self, deals: int, seed: int) -> None:
        import numpy as np

        self.rng = rng = np.random.default_rng(seed)
        self.n, self.firms, self.people = deals, max(deals // 2, 2), max(deals * 3 // 2, 3)
        n = self.n
        self.ids = np.array([f"d{i}" for i in range(n)])
        self.firm = np.floor(self.firms * rng.power(0.7, n)).astype("int64")
        self.person = self.firm * 3 + rng.integers(0, 3, n)
        self.industry = rng.integers(0, 6, self.firms)
        self.employees = np.round(np.exp(rng.normal(4.5, 1.5, self.firms)))
        self.title = rng.integers(0, 5, self.firms * 3)
        self.keen = rng.normal(size=n)
        self.fit, self.source = rng.integers(0, 4, n), rng.integers(0, 5, n)
        self.amount = np.round(np.exp(rng.normal(8.5, 1.0, n)), 2)
        self.born = NOW - (rng.random(n) * DAYS * DAY).astype("int64")
        margin = (
            -1.1 + 0.6 * self.keen + 0.35 * (self.fit - 1.5) + 0.3 * (self.source == 2)
            + 0.35 * (self.industry[self.firm] - 2.5) / 1.7 - 0.25 * (np.log(self.amount) - 8.5)
            + 0.4 * (self.title[self.person] == 0) * (self.fit > 1)
        )  # fmt: skip
        self.won = rng.random(n) < 1 / (1 + np.exp(-margin))
        median = np.where(self.won, 55.0, 75.0)
        self.end = self.born + (median * np.exp(rng.normal(0, 0.6, n)) * DAY).astype("int64")
        self.closed = self.end <= NOW
        # Who is keen moves on sooner; the stages are left at these shares of a deal's life.
        steps = np.sort(rng.beta(1.2, 1.6 + 0.4 * (self.keen < 0)[:, None], (n, 3)), axis=1)
        self.moves = self.born[:, None] + (steps * (self.end - self.born)[:, None]).astype("int64")
        reach = np.where(self.won, 3, rng.integers(0, 4, n))
        self.came = (self.moves <= NOW) & (np.arange(3) < reach[:, None])

    def tables(self) -> dict[str, Any]:
        """A frame a table, with the columns that are filled."""
        acts, links = self._activities()
        return {
            "companies": self._companies(),
            "contacts": self._contacts(),
            "deals": self._deals(),
            "deal_history": self._history(),
            "field_history": self._field_history(),
            "activities": acts,
            "associations": links,
            "line_items": self._line_items(),
            "campaign_members": self._campaigns(),
            "stages": self._stages(),
            "fields": self._fields(),
            "org": self._frame(currency=["EUR"], time_zone=["UTC"]),
        }

    @staticmethod
    def _frame(**columns: Any) -> Any:
        import pandas as pd

        return pd.DataFrame(columns)

    def _pick(self, size: int, *values: str) -> Any:
        return self.rng.choice(list(values), size)

    def _companies(self) -> Any:
        import numpy as np

        k = self.firms
        names = np.array(["Software", "Retail", "Health", "Energy", "Food", "Steel"])
        made = NOW - (DAYS + 400) * DAY + (self.rng.random(k) * 400 * DAY).astype("int64")
        return self._frame(
            id=[f"c{i}" for i in range(k)],
            name=[f"Firm {i}" for i in range(k)],
            domain=[f"firm{i}.example" for i in range(k)],
            industry=names[self.industry],
            owner_id=[f"o{i % 12}" for i in range(k)],
            created_at=made,
            modified_at=made + (self.rng.random(k) * 300 * DAY).astype("int64"),
            deleted=False,
            c_employees=self.employees,
            c_country=self._pick(k, "DE", "FR", "US", "AT"),
            c_segment=self._pick(k, "small", "middle", "large"),
        )

    def _contacts(self) -> Any:
        import numpy as np

        k = self.firms * 3
        titles = np.array(["CEO", "Head of IT", "Clerk", "Sales Manager", "Buyer"])
        made = NOW - (DAYS + 300) * DAY + (self.rng.random(k) * 250 * DAY).astype("int64")
        return self._frame(
            id=[f"p{i}" for i in range(k)],
            source_object="Contact",
            email=[f"person{i}@firm{i // 3}.example" for i in range(k)],
            domain=[f"firm{i // 3}.example" for i in range(k)],
            first_name="Person",
            last_name=[f"No {i}" for i in range(k)],
            title=titles[self.title],
            company_id=[f"c{i // 3}" for i in range(k)],
            lead_source=self._pick(k, "web", "fair", "partner", "call"),
            created_at=made,
            modified_at=made + (self.rng.random(k) * 300 * DAY).astype("int64"),
            is_converted=False,
            deleted=False,
            c_language=self._pick(k, "en", "de", "fr"),
            c_team_size=self.rng.poisson(6, k).astype(float),
        )

    def _deals(self) -> Any:
        import numpy as np
        import pandas as pd

        stage = np.where(self.closed, np.where(self.won, 4, 5), self.came.sum(axis=1))
        ended = pd.array(np.where(self.closed, self.end, 0), dtype="Int64")
        ended[~self.closed] = pd.NA
        return self._frame(
            id=self.ids,
            name=[f"Deal {i}" for i in range(self.n)],
            company_id=[f"c{i}" for i in self.firm],
            owner_id=[f"o{i % 12}" for i in self.firm],
            pipeline="sales",
            stage=np.array(STAGES)[stage],
            type=self._pick(self.n, "new_business", "existing"),
            amount=self.amount,
            currency="EUR",
            close_date=np.where(self.closed, self.end, self.born + 60 * DAY) // DAY * DAY,
            created_at=self.born,
            closed_at=ended,
            is_closed=self.closed,
            is_won=self.closed & self.won,
            modified_at=np.where(self.closed, self.end, NOW - DAY),
            deleted=False,
            c_fit=np.array(["low", "some", "good", "best"])[self.fit],
            c_source=np.array(["web", "fair", "partner", "call", "mail"])[self.source],
            c_budget=np.round(self.amount * np.exp(self.rng.normal(0, 0.5, self.n))),
            c_users=self.rng.poisson(12, self.n).astype(float),
        )

    def _history(self) -> Any:
        import numpy as np
        import pandas as pd

        rng, n = self.rng, self.n
        first = self._frame(
            deal_id=self.ids,
            changed_at=self.born,
            stage="new",
            amount=np.round(self.amount * np.where(rng.random(n) < 0.3, 0.8, 1.0), 2),
            close_date=(self.born + 60 * DAY) // DAY * DAY,
        )
        who, step = np.nonzero(self.came)
        moved = self._frame(
            deal_id=self.ids[who], changed_at=self.moves[who, step], stage=np.array(STAGES)[step + 1]
        )
        over = np.flatnonzero(self.closed)
        ended = self._frame(
            deal_id=self.ids[over],
            changed_at=self.end[over],
            stage=np.where(self.won[over], "won", "lost"),
        )
        changed = self._within(np.flatnonzero(rng.random(n) < 0.4))
        amounts = self._frame(
            deal_id=self.ids[changed[0]], changed_at=changed[1], amount=self.amount[changed[0]]
        )
        times = rng.poisson(np.where(self.won, 0.4, 0.9))
        pushed = self._within(np.repeat(np.arange(n), times))
        dates = self._frame(
            deal_id=self.ids[pushed[0]],
            changed_at=pushed[1],
            close_date=(pushed[1] + 45 * DAY) // DAY * DAY,
        )
        return pd.concat([first, moved, ended, amounts, dates], ignore_index=True)

    def _within(self, who: Any) -> tuple[Any, Any]:
        """Those of the deals named (a deal may be named again), and a time of each within its life, before today."""
        life = self.end - self.born
        at = self.born[who] + (self.rng.random(len(who)) * life[who]).astype("int64")
        return who[at < NOW], at[at < NOW]

    def _field_history(self) -> Any:
        import numpy as np
        import pandas as pd

        fit = np.array(["low", "some", "good", "best"])[self.fit]
        parts = [
            self._frame(object="deals", record_id=self.ids, field="c_fit", value=fit, changed_at=self.born)
        ]
        users = self.rng.poisson(12, self.n).astype(str)
        parts.append(
            self._frame(
                object="deals", record_id=self.ids, field="c_users", value=users, changed_at=self.born
            )
        )
        return pd.concat(parts, ignore_index=True)

    def _activities(self) -> tuple[Any, Any]:
        import numpy as np
        import pandas as pd

        rng, n = self.rng, self.n
        kinds = (
            ("meeting", None, 1.0, 0.5), ("email", "inbound", 1.5, 0.5), ("email", "outbound", 3.5, 0.1),
            ("call", "outbound", 2.0, 0.0), ("call", "inbound", 0.5, 0.4), ("form", "inbound", 0.3, 0.3),
        )  # fmt: skip
        parts = []
        for kind, way, rate, pull in kinds:
            who, at = self._within(np.repeat(np.arange(n), rng.poisson(rate * np.exp(pull * self.keen))))
            parts.append(self._frame(type=kind, direction=way, who=who, occurred_at=at))
        acts = pd.concat(parts, ignore_index=True)
        who = acts.pop("who").to_numpy()
        acts = acts.assign(
            id=[f"a{i}" for i in range(len(acts))],
            automated=False,
            known_at=acts["occurred_at"],
            deleted=False,
        )
        links = [
            self._frame(from_object="activity", from_id=acts["id"], to_object="deal", to_id=self.ids[who]),
            self._frame(
                from_object="activity",
                from_id=acts["id"],
                to_object="contact",
                to_id=[f"p{i}" for i in self.person[who]],
            ),
            self._frame(
                from_object="deal",
                from_id=self.ids,
                to_object="contact",
                to_id=[f"p{i}" for i in self.person],
                label="primary",
                known_at=self.born,
            ),
        ]
        more, at = self._within(np.repeat(np.arange(n), rng.poisson(0.5 * np.exp(0.3 * self.keen))))
        others = self.firm[more] * 3 + (self.person[more] + 1) % 3
        links.append(
            self._frame(
                from_object="deal",
                from_id=self.ids[more],
                to_object="contact",
                to_id=[f"p{i}" for i in others],
                known_at=at,
            )
        )
        return acts, pd.concat(links, ignore_index=True)

    def _line_items(self) -> Any:
        import numpy as np

        who = np.repeat(np.arange(self.n), self.rng.poisson(1.0, self.n))
        at = self.born[who]
        return self._frame(
            id=[f"i{i}" for i in range(len(who))],
            deal_id=self.ids[who],
            product_id=[f"x{i}" for i in self.rng.integers(0, 20, len(who))],
            quantity=1.0,
            amount=np.round(self.amount[who] / 2, 2),
            known_at=at,
            deleted=False,
        )

    def _campaigns(self) -> Any:
        import numpy as np
        import pandas as pd

        k = self.people
        sent = NOW - (self.rng.random(k) * DAYS * DAY).astype("int64")
        answered = pd.array(sent + 2 * DAY, dtype="Int64")
        answered[self.rng.random(k) < 0.8] = pd.NA
        who = self.rng.integers(0, self.firms * 3, k)
        return self._frame(
            id=[f"m{i}" for i in range(k)],
            campaign_id=np.array([f"g{i}" for i in self.rng.integers(0, 30, k)]),
            contact_id=[f"p{i}" for i in who],
            responded_at=answered,
            known_at=sent,
        )

    def _stages(self) -> Any:
        return self._frame(
            object="deals",
            pipeline="sales",
            pipeline_label="Sales",
            stage=STAGES,
            label=[s.title() for s in STAGES],
            display_order=range(len(STAGES)),
            closed=[s in ("won", "lost") for s in STAGES],
            won=[s == "won" for s in STAGES],
        )

    def _fields(self) -> Any:
        rows = [(o, c, kind, known) for o, columns in FIELDS.items() for c, (kind, known) in columns.items()]
        names = [c for _, c, _, _ in rows]
        return self._frame(
            object=[o for o, *_ in rows],
            column_name=names,
            name=names,
            label=[c.removeprefix("c_").replace("_", " ").capitalize() for c in names],
            type=[kind for *_, kind, _ in rows],
            custom=[c.startswith("c_") for c in names],
            calculated=False,
            known=[known for *_, known in rows],
            ours=False,
        )
