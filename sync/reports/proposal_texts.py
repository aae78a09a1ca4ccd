"""What an account proposal says: each text is a template, in English here and in the catalogue in another language."""

from collections.abc import Mapping

from sales_consultant.config.language.translation import Language, translate

CONTEXT = "proposal"
"""The context of these messages in a catalogue."""
TEXTS: Mapping[str, str] = {
    "title": "Account proposal: {company}",
    "subtitle": "As of {day}, to be reviewed on {review}. Owner: {owner}.",
    "nobody": "nobody",
    "goal": "Goal",
    "situation": "Where they stand",
    "products": "What to offer",
    "prices": "At which price",
    "steps": "Next steps",
    "risks": "What may go wrong",
    "judged": "How it will be judged",
    "note": "Counts say what customers bought together. They do not say that offering one product sells it.",
    # Goals.
    "win_back": "Win them back: they have stopped buying.",
    "keep": "Keep them: they are at risk.",
    "win": 'Win the deal "{name}".',
    "sell": 'Sell them "{name}", which they do not have yet.',
    "first_deal": "Open a deal with them: none is open, and nothing is known that goes with what they have.",
    # Where they stand.
    "lifecycle": "Lifecycle",
    "segment": "Segment",
    "customer_tier": "Customer tier",
    "value_12m": "Value in 12 months",
    "churn_risk": "Churn risk",
    "recommended_product": "Recommended product",
    "revenue": "Won in {year}",
    "revenue_of": "{amount} (deals: {deals})",
    "last_purchase": "Last won deal",
    "owned": "They have",
    "people": "People",
    "person": "{name}{title}, last activity {day}",
    "title_of": " ({title})",
    "never": "never",
    "last_activity": "Last activity",
    "no_deal_won": "They have not bought yet.",
    "open_deals": "Open deals",
    "deal": "Deal",
    "stage": "Stage",
    "amount": "Amount",
    "closes": "Closes",
    "grade": "Grade",
    # Products and prices.
    "product": "Product",
    "why": "Why",
    "why_within": 'bought by {n} of {of} customers that bought "{anchor}", within {months} months of it',
    "why_both": 'bought by {n} of {of} customers that bought "{anchor}"',
    "why_popular": "bought by {n} of {of} customers; not bought here yet",
    "no_model": "Nothing: no model of products is in force, as where no won deal has line items.",
    "no_purchase": "Nothing: no product is known that they bought, so nothing is known that goes with it.",
    "nothing_new": "Nothing: of what goes with their products they have all, or gave it back.",
    "list_price": "List price today",
    "paid": "Paid (middle half)",
    "discount": "Discount (middle half)",
    "deals_of": "Line items",
    "too_few": "too few",
    "no_price": "no list price",
    "range": "{low} to {high}",
    "of_all": "{lines}, all won deals of it",
    "of_band": "{lines}, {band} deals",
    "of_segment": "{lines}, customers of the segment {segment}",
    "of_both": "{lines}, {band} deals of customers of the segment {segment}",
    "small": "small",
    "medium": "medium",
    "large": "large",
    # Steps.
    "step": "Step",
    "record": "Record",
    "due": "Until",
    "offer": 'Offer "{name}"',
    "no_steps": "None: the CRM shows no next step on their deals and people.",
    "no_risks": "Nothing is known that may go wrong.",
    "on_deal": "{name}: {risk}",
    # How it is judged.
    "judged_deal": '"{name}" is won, or has left the stage "{stage}".',
    "judged_deal_no_stage": '"{name}" is won, or has moved on.',
    "judged_product": '"{name}" was bought.',
    "judged_steps": "Each step was answered in the CRM by its day.",
    "judged_touch": "There was at least one activity with them.",
    "judged_when": "On {day}: sales-consultant proposals review {id}",
    # The review.
    "review_title": "Review of the proposal: {company}",
    "review_subtitle": "Made as of {day}, looked at as of {now}{due}.",
    "review_early": "; its day, {review}, has not come yet",
    "done": "What was done",
    "happened": "What happened since",
    "review_note": "What happened after the proposal need not have come of it.",
    "outcome": "Outcome",
    "o_done": "done",
    "o_accepted": "accepted",
    "o_later": "put off",
    "o_not_useful": "called not useful",
    "o_wrong": "called wrong",
    "o_bought": "bought",
    "o_open": "open",
    "o_overdue": "open, and its day has passed",
    "o_gone": "the CRM shows another step, or none",
    "o_won": "won on {day}",
    "o_lost": "lost on {day}",
    "o_moved": "now in the stage {stage}",
    "o_same": "still in the same stage",
    "o_unknown": "not known: it is gone, or its stage is",
    "now": "Now",
    "then": "Then",
    "what": "What",
    "bought_on": "bought on {day}",
    "not_bought": "not bought",
    "won_since": "Won since",
    "nothing_won": "nothing",
    "activities": "Activities since",
    "no_activities": "none",
    "nothing": "–",
}
ACTIVITIES = "activity"
"""The context of types of activity: a call is a channel elsewhere."""
DIRECTED: Mapping[str, str] = {"inbound": "{kind}, inbound", "outbound": "{kind}, outbound"}


def text(key: str, language: Language, **values: object) -> str:
    """The text of a key with what it names. KeyError for a key that there is none for.

    >>> text("win", "en", name="Pumps"), text("range", "zh", low="1", high="2")
    ('Win the deal "Pumps".', '1 至 2')
    """
    return translate(TEXTS[key], language, CONTEXT).format(**values)


def option(value: str, language: Language) -> str:
    """An option of our fields as people read it.

    >>> option("at_risk", "en"), option("at_risk", "zh"), option("unheard_of", "zh")
    ('At risk', '有流失风险', 'Unheard of')
    """
    return translate(value.replace("_", " ").capitalize(), language)


def activity(kind: str, direction: str, language: Language) -> str:
    """A type of activity with its direction, where it has one.

    >>> activity("email", "inbound", "en"), activity("email", "inbound", "zh"), activity("call", "", "en")
    ('email, inbound', '邮件（来自客户）', 'call')
    """
    said = translate(kind.replace("_", " "), language, ACTIVITIES)
    if direction not in DIRECTED:
        return said
    # The type is put in last, for a type that the CRM spells with braces is no template.
    return translate(DIRECTED[direction], language, ACTIVITIES).replace("{kind}", said)
