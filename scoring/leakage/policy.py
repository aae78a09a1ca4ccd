"""The thresholds of the leak audit, in one place.

Where a comment names no other source, a value is the loosest at which `python -m benchmarks planted_leaks` (tables of known
truth, fourteen kinds of leak) finds what can be found and drops no honest column, and `python -m benchmarks leadforge_leaks`
(a simulated CRM with three planted leaks, their names hidden) does the same. docs/decisions/scoring-leak-audit.md,
scoring-future-events.md and scoring-filled-with-outcome.md tell how they work together.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class LeakPolicy:
    """What it takes for a column to be dropped as a leak. Shares are 0 to 1, an AUC is 0.5 to 1."""

    # -- a column alone ------------------------------------------------------------------------------------------

    auc_alone: float = 0.95
    """From this AUC of a column alone on, it has to be explained by the others."""
    auc_alone_doubted: float = 0.85
    """The same for a column whose name speaks of an outcome."""
    fill_gap: float = 0.3
    """Filled on so much more of the closed records than of the open ones, or the other way round."""
    fewest_of_a_class: int = 10
    """Records of each outcome below which nothing is said."""
    pure: float = 0.98
    """The share of a value's rows that share one outcome, from which on the value is set by it."""
    pure_later: float = 0.9
    """The same where the value is a time later than its row's: a plan may be one, so less is proof."""
    chance: float = 1e-6
    """How rarely chance (binomial) may bring that: once in so many columns."""
    fewest_pure: int = 20
    """Rows below which a value proves nothing; groups that share outcome and value count once."""

    # -- a column beside the others ------------------------------------------------------------------------------

    implausible: float = 0.9
    """Honest data of a CRM stay below this AUC; above it one column must not be the reason alone."""
    cuts: float = 3.2
    """By what factor leaving a column out raises the share of pairs in the wrong order, where the others are below
    `implausible`."""
    cuts_strong: float = 5.0
    """The same for a column that is strong alone."""
    cuts_separable: float = 10.0
    """The same where the others are above `implausible`."""
    cuts_perfect: float = 20.0
    """The same where the whole is above `perfect`, whatever the column is like."""
    perfect: float = 0.985
    """An AUC that is all but perfect."""
    nothing: float = 0.55
    """Others that come to no more than this say nothing by which a copy could be told from the only cause."""
    weak: float = 0.7
    """A twin: alone no more than this AUC."""
    twin: float = 0.95
    """A twin: correlated so closely with another column."""
    few_values: int = 20
    """Texts, flags and numbers of up to so many values are ticked or counted by somebody."""
    fewest_columns: int = 5
    """Columns below which "no correlation with any other" says nothing."""
    unrelated: float = 0.05
    """The level at which a column is said to have nothing to do with any other."""
    noise: float = 0.002
    """What an AUC may be off by, always."""
    noise_of_one: float = 0.4
    """And more where few records of a class are ordered: over the number of the rarer class."""
    separable: float = 0.95
    """From this AUC of all others on, a value that always comes with the event is no wonder."""
    copy: float = 0.8
    """What stands in for another leak is a strong column itself."""
    kin: float = 0.3
    """Two copies of the outcome correlate no more than this among rows of one outcome (Berkson 1946)."""
    pair_auc: float = 0.95
    """Two that say it only together: their joint AUC."""
    pair_lift: float = 0.25
    """And what each alone must fall short of it."""
    filled_with_outcome: float = 0.5
    """The gap between the outcomes in how often a column is filled, from which on being filled is a suspicion."""
    fill_lift: float = 0.1
    """How far the AUC falls without such a column, from which on it is a leak."""
    fewest_to_judge: int = 10
    """Records of each class in a half, to judge suspects by."""
    fewest_to_look: int = 25
    """The same, to look for more."""

    # -- fields that know later events ---------------------------------------------------------------------------

    open: float = 0.65
    """Of what chance (the law of Poisson) leaves open about the events to come, what an honest field leaves open at least:
    more than 97 % on leadforge, planted leaks 0 to 42 %."""
    open_once: float = 0.45
    """The same of what happens once, where good foresight leaves less than chance: about an AUC of .95."""
    confidence: float = 0.95
    """The end of the interval that must lie below."""
    same_lag: float = 0.5
    """The share of dates that lie a constant time from a later event, from which on they are copies of it."""
    fewest_to_sum: int = 200
    """Records below which a sum of events is not looked for."""
    near: float = 0.6
    """Honest numbers are so near to the events to come on 41 % of the rows at best."""
    fewest_later: int = 40
    """The least records that had something later, for it to say anything."""
    often: float = 0.2
    """Of the records that something happened to, the share that it happened to again, from which on it is a count."""
    by_agreement: float = 0.5
    """What agreements (weekly calls) leave of the variance that chance has."""
    makes_up: float = 0.5
    """How much of an earlier count a later one makes up for in a sum."""
    fewest_in_value: int = 20
    """Records with one value of a field below which its counts say nothing."""
    fewest_probed: int = 100
    """Records below which fields are not held against later events at all."""
    sure: float = 0.1
    """What the past alone leaves open, below which the rest is known by rule."""

    # -- fields that are filled with the outcome -----------------------------------------------------------------

    at_outcome: float = 0.9
    """The share of ended records on which a field is first filled at the end or later."""
    fewest_ended: int = 20
    """Ended records with the field below which nothing is said."""
    near_days: float = 1.0
    """How long before its record ends a field is filled "with the outcome"."""
    near_share: float = 0.05
    """In a short life less: this share of it."""
    at_creation_ms: int = 60_000
    """What is filled within a minute of the record was filled when it was made."""


POLICY = LeakPolicy()
