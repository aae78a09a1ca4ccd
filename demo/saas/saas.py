"""The saas demo company: one simulated world, staged as a year in the CRM of a software vendor.

The simulation (leadforge) lets all leads begin within one month. Here each lead with all its rows is moved by a number
of months that is drawn by a hash of its id, the clock is set to a day in the twelfth month, and what had not happened
by then is left out. Nothing is invented but names, addresses, the time of day, products with the lines of deals (see
`products`), goals (see `goals`) and the texts of activities (see `texts`): what tells a good deal from a bad one is the
simulation's.

Each simulated lead is a lead; a person whose leads converted is one contact, a later lead adds a deal to it. People who
never were a lead, LinkedIn messages, and subscriptions (they exist for won deals only, without a date of their own as a
line item) are left out. Page views are counted for a person, over all of its leads.
"""

import tempfile
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

from sales_consultant.demo.company import (
    PRODUCTS,
    Made,
    Progress,
    World,
    cached,
    iso,
    key_of,
    stage_rows,
    write_csv,
    write_parquet,
)
from sales_consultant.demo.saas import conversations, deals, events, goals, people, products
from sales_consultant.demo.saas.recipe import SAAS, Recipe, Runs, run
from sales_consultant.demo.saas.story import tell

NOTICE = (
    "Synthetic data: companies, people and deals are simulated (leadforge, MIT licence); the names, the products, "
    "which deal is of which products, the goals, and the texts of e-mails and calls are invented, and the simulation's one month "
    "of leads is staged over twelve months."
)
MORNING = 7 * 3600
"""The clock stands at 07:00 UTC: before the first row that a day can have."""

# What a company is made of: where one of these changes, the cache holds another company.
_PEOPLE = ("company/names", "saas/people", "company/words")
_DATING = ("saas/leadforge_run", "saas/recipe", "saas/story", "saas/timeline")
_WRITING = ("saas/deals", "saas/events", "saas/goals", "saas/products", "saas/saas", "company/tables")
_TEXTS = ("saas/conversations", "saas/texts", "saas/text_templates", "saas/text_templates_zh")


def build(folder: Path, *, cache: Path, progress: Progress | None = None, recipe: Recipe = SAAS) -> World:
    """Write the saas company's tables into an empty folder; the first time simulates it (about ten seconds).

    `cache` is where the finished world is kept; a change of the recipe, of leadforge or of this code makes another.
    `progress` is told the step and the share done, 0 to 1; it is not called where the world is in the cache.

    Raises:
        DemoError: leadforge is missing or failed, or the folder is not empty.
    """
    sources = tuple(
        Path(__file__).parents[1] / f"{name}.py" for name in (*_PEOPLE, *_DATING, *_WRITING, *_TEXTS)
    )
    key = key_of("saas", asdict(recipe), _version(), sources=sources)
    return cached(
        folder,
        cache=cache,
        key=key,
        make=lambda into: make(into, recipe=recipe, progress=progress or _quiet),
    )


def make(into: Path, *, recipe: Recipe, progress: Progress) -> Made:
    """Simulate the recipe's world and write its tables."""
    with tempfile.TemporaryDirectory(prefix="leadforge-") as scratch:
        runs = run(recipe, Path(scratch), progress=lambda text, share: progress(text, 0.9 * share))
    progress("writing the tables", 0.9)
    made = stage(runs, into, recipe=recipe)
    progress("the company is ready", 1.0)
    return made


def stage(runs: Runs, into: Path, *, recipe: Recipe) -> Made:
    """Write what the CRM holds at the clock; answers the clock and the rows a table."""
    stories, today = tell(recipe, runs)
    clock = today * 86400 + MORNING
    persons = people.by_person(stories)
    contacts = people.converted(persons)
    book = people.Directory(runs, persons)
    views = events.Views(persons)
    reps = sorted({story.lead["owner_rep_id"] for story in stories})
    lead_views = {
        story.id: views.until(story.lead["contact_id"], story.converted or clock) for story in stories
    }
    contact_views = {id: views.until(id, clock) for id in contacts}
    campaigns, members = events.campaign_rows(stories, clock)
    activities = events.activity_rows(stories, conversations.texts(stories, book, reps))
    counts = {
        "companies": write_parquet(into, "companies", people.COMPANIES, people.company_rows(book, reps)),
        "contacts": write_parquet(
            into, "contacts", people.CONTACTS, people.contact_rows(book, contacts, contact_views)
        ),
        "leads": write_parquet(into, "leads", people.LEADS, people.lead_rows(book, stories, lead_views)),
        "deals": write_parquet(into, "deals", deals.DEALS, deals.deal_rows(book, stories)),
        "deal_stage_history": write_parquet(
            into, "deal_stage_history", deals.STAGE_HISTORY, deals.stage_history_rows(stories)
        ),
        "deal_history": write_parquet(into, "deal_history", deals.HISTORY, deals.history_rows(stories)),
        "products": write_csv(into, "products", PRODUCTS, products.product_rows()),
        "line_items": write_parquet(
            into, "line_items", products.DATED_LINE_ITEMS, products.line_rows(stories)
        ),
        "activities": write_parquet(into, "activities", events.ACTIVITIES, activities),
        "campaigns": write_csv(into, "campaigns", events.CAMPAIGNS, campaigns),
        "campaign_members": write_parquet(into, "campaign_members", events.MEMBERS, members),
        "field_history": write_parquet(
            into, "field_history", events.FIELD_HISTORY, events.history_rows(stories, contacts, views, clock)
        ),
        "stages": write_csv(into, "stages", deals.STAGES, stage_rows(deals.PIPELINE, deals.STAGE_NAMES)),
        "owners": write_csv(into, "owners", people.OWNERS, people.owner_rows(reps)),
        "goals": write_csv(into, "goals", goals.GOALS, goals.goal_rows(stories, reps, clock)),
        "currencies": write_csv(into, "currencies", ("code", "rate"), [{"code": "USD", "rate": 1}]),
    }
    return Made(iso(clock), NOTICE, counts)


def _quiet(text: str, share: float) -> None:
    """Tell nobody."""


def _version() -> str:
    try:
        return metadata.version("leadforge")
    except metadata.PackageNotFoundError:
        return "missing"
