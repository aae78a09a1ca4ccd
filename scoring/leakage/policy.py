"""The thresholds of the leak audit, in one place.

Behind each value stands what chose it, or what covers it. Where `planted_leaks` or `leadforge_leaks` is named, the
value is the loosest at which it finds what can be found and drops no honest column. Benchmarks, run by
`python -m benchmarks NAME`:

- `planted_leaks`: tables of known truth, called ordinary, weak, noise and strong, and fourteen kinds of leak;
- `leadforge_leaks`: a simulated CRM with three planted leaks, their names hidden;
- `propensity`: honest tables, among them scikit-learn's tumours. A column that is dropped there costs log-loss.

Tests: "audit" is tests/scoring/leakage/test_leak_audit.py, "in time" is tests/scoring/leakage/test_point_in_time.py,
in brackets what is planted there. docs/decisions/scoring-leak-audit.md, scoring-future-events.md and
scoring-filled-with-outcome.md tell how the values work together.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class LeakPolicy:
    """What it takes for a column to be dropped as a leak. Shares are 0 to 1, an AUC is 0.5 to 1."""

    # -- a column alone ------------------------------------------------------------------------------------------

    auc_alone: float = 0.95
    """From this AUC of a column alone on, it has to be explained by the others. `planted_leaks` (a copy), audit
    (single_field); honest columns above it: `propensity` (tumours)."""
    auc_alone_doubted: float = 0.85
    """The same for a column whose name speaks of an outcome. Audit (call_result and call_length)."""
    fill_gap: float = 0.3
    """Filled on so much more of the closed records than of the open ones, or the other way round.
    tests/scoring/training/test_training.py (a fill gap is a leak whatever the name)."""
    fewest_of_a_class: int = 10
    """Records of each outcome below which nothing is said. A judgement, as in the publish gate: no benchmark has so
    few."""
    pure: float = 0.98
    """The share of a value's rows that share one outcome, from which on the value is set by it. `planted_leaks`
    (filled on 60 % of the won), audit (filled on some of the won or lost; honest: a level that hardly ever buys)."""
    pure_later: float = 0.9
    """The same where the value is a time later than its row's: a plan may be one, so less is proof. `planted_leaks`
    (a date after its row), audit (installed; honest: next_visit)."""
    chance: float = 1e-6
    """How rarely chance (binomial) may bring that: once in so many columns. Audit (thirty columns of noise lose
    nothing)."""
    fewest_pure: int = 20
    """Rows below which a value proves nothing; groups that share outcome and value count once. Audit (25 rows of one
    company)."""
    level_share: float = 0.3
    """The share of all events that levels which decide the outcome may hold for the column to be kept without them. A
    judgement: `planted_leaks` (today's stage) has half of them in one level, audit (a value that only the won have) 15 %."""

    # -- a column beside the others ------------------------------------------------------------------------------

    implausible: float = 0.9
    """Honest data of a CRM stay below this AUC; above it one column must not be the reason alone. `leadforge_leaks`
    (an AUC of .71 without the leaks); honest tables above it: `propensity`, `planted_leaks` (strong)."""
    cuts: float = 3.2
    """By what factor leaving a column out raises the share of pairs in the wrong order, where the others are below
    `implausible`. `planted_leaks` (10 % flipped, a copy with noise .5), audit (flipped, as text, counted after,
    filled after)."""
    cuts_strong: float = 5.0
    """The same for a column that is strong alone. Audit (tumours keep their strong columns), `propensity`."""
    cuts_separable: float = 10.0
    """The same where the others are above `implausible`. `planted_leaks` (strong)."""
    cuts_perfect: float = 20.0
    """The same where the whole is above `perfect`, whatever the column is like. Audit (in combination: offer and
    billed)."""
    perfect: float = 0.985
    """An AUC that is all but perfect. `planted_leaks` (a copy with noise .3); tables of one to three honest causes
    come to .98 (docs/decisions/scoring-leak-audit.md)."""
    nothing: float = 0.55
    """Others that come to no more than this say nothing by which a copy could be told from the only cause.
    `planted_leaks` (noise)."""
    weak: float = 0.7
    """A twin: alone no more than this AUC. Audit (in combination: offer and billed)."""
    twin: float = 0.95
    """A twin: correlated so closely with another column. Audit (in combination: offer and billed)."""
    few_values: int = 20
    """Texts, flags and numbers of up to so many values are ticked or counted by somebody. `planted_leaks` (a count of
    later events), audit (counted after)."""
    fewest_columns: int = 5
    """Columns below which "no correlation with any other" says nothing. A judgement: the narrowest table of
    `planted_leaks` has ten."""
    unrelated: float = 0.05
    """The level at which a column is said to have nothing to do with any other: the usual one. `planted_leaks` (a
    copy with noise .5); tables of one to three honest causes keep them (docs/decisions/scoring-leak-audit.md)."""
    noise: float = 0.002
    """What an AUC may be off by, always. `planted_leaks` (the same tables with 600 and 4,000 rows)."""
    noise_of_one: float = 0.4
    """And more where few records of a class are ordered: over the number of the rarer class. `planted_leaks` (the
    same tables with 600 and 4,000 rows)."""
    separable: float = 0.95
    """From this AUC of all others on, a value that always comes with the event is no wonder. `planted_leaks`
    (strong), audit (tumours)."""
    copy: float = 0.8
    """What stands in for another leak is a strong column itself. `planted_leaks` (two flipped copies), audit (two
    noisy copies)."""
    copies_correlate: float = 0.3
    """Two copies of the outcome correlate no more than this among rows of one outcome (Berkson 1946). `planted_leaks`
    (two flipped copies), audit (two noisy copies)."""
    pair_auc: float = 0.95
    """Two that say it only together: their joint AUC. `planted_leaks` (two halves of a parity), audit (parity)."""
    pair_lift: float = 0.25
    """And what each alone must fall short of it. `planted_leaks` (two halves of a parity), audit (parity)."""
    filled_with_outcome: float = 0.5
    """The gap between the outcomes in how often a column is filled, from which on being filled is a suspicion.
    `planted_leaks` (filled on 90 and 10 %, on 95 and 30 %), audit (serial; honest: phone_2)."""
    fill_lift: float = 0.1
    """How far the AUC falls without such a column, from which on it is a leak. `planted_leaks` (filled on 90 and 10
    %, on 95 and 30 %), audit (serial)."""
    fewest_to_judge: int = 10
    """Records of each class in a half, to judge suspects by. A judgement: the thinnest table of `planted_leaks`
    (weak, 600 rows) has 33."""
    fewest_to_look: int = 25
    """The same, to look for more: a search needs more than a single question. `planted_leaks` (weak, 600 rows) is
    just above."""

    # -- fields that know later events ---------------------------------------------------------------------------

    open: float = 0.65
    """Of what chance (the law of Poisson) leaves open about the events to come, what an honest field leaves open at
    least: more than 97 % on leadforge, planted leaks 0 to 42 % (`leadforge_leaks`, and in time: all calls,
    activity)."""
    open_once: float = 0.45
    """The same of what happens once, where good foresight leaves less than chance: about an AUC of .95. In time (has
    a deal, won)."""
    confidence: float = 0.95
    """The end of the interval that must lie below: the usual one. In time (fifteen honest columns, six seeds)."""
    same_lag: float = 0.5
    """The share of dates that lie a constant time from a later event, from which on they are copies of it. In time
    (handed over, a tenth of it wrong)."""
    fewest_to_sum: int = 200
    """Records below which a sum of events is not looked for. A judgement: the tests in time have 500."""
    near: float = 0.6
    """Honest numbers are so near to the events to come on 41 % of the rows at best. In time (all calls, calls
    since)."""
    fewest_later: int = 40
    """The least records that had something later, for it to say anything. A judgement: a share of fewer is too
    uncertain."""
    often: float = 0.2
    """Of the records that something happened to, the share that it happened to again, from which on it is a count. In
    time (calls; a deal that is opened once)."""
    by_agreement: float = 0.5
    """What agreements (weekly calls) leave of the variance that chance has. In time (a plan that was agreed is
    kept)."""
    makes_up: float = 0.5
    """How much of an earlier count a later one makes up for in a sum. In time (all_visits beside a plan is found)."""
    fewest_in_value: int = 20
    """Records with one value of a field below which its counts say nothing. In time (a plan that was agreed is
    kept)."""
    fewest_probed: int = 100
    """Records below which fields are not held against later events at all. In time (60 records say nothing)."""
    sure: float = 0.1
    """What the past alone leaves open, below which the rest is known by rule, as the end of every deal. In time (what
    was known at the cut-off is kept)."""

    # -- fields that are filled with the outcome -----------------------------------------------------------------

    at_outcome: float = 0.9
    """The share of ended records on which a field is first filled at the end or later. In time (first filled with the
    outcome is dropped; filled before and changed at the end is kept)."""
    fewest_ended: int = 20
    """Ended records with the field below which nothing is said. A judgement: nine of ten of fewer may be chance."""
    near_days: float = 1.0
    """How long before its record ends a field is filled "with the outcome". In time (first filled with the outcome: a
    minute before the stage is set)."""
    near_share: float = 0.05
    """In a short life less: this share of it. In time (first filled with the outcome)."""
    at_creation_ms: int = 60_000
    """What is filled within a minute of the record was filled when it was made. In time (first filled with the
    outcome, after a default at creation)."""

    # -- values of today on past rows ----------------------------------------------------------------------------

    harmless: float = 0.01
    """The share of the log-loss that a value may take away at most, for it not to matter whether it was known. The least
    gain from which on a model is worth its scores (see `metrics.forward_report`)."""
    one_sided: float = 1.645
    """Standard errors to the end of a 90 % interval: the usual ones for a test of likeness (two one-sided tests)."""
    share_of_spread: float = 0.5
    """How far open records may be from past ones, against what a value that only the outcome sets would bring. A judgement:
    nearer to nothing than to that."""
    sure_errors: float = 2.75
    """Standard errors from which on a value with a date of its own is not believed, if it is also farther off than half of
    what the outcome would bring. Chance brings that once in 170 columns; an honest habit that grows over the years comes to
    2.7, for the error of a trend is told too small there (tests/scoring/leakage/test_hindsight.py). With 3 an amount that
    only won deals keep was still learnt from (tests/scoring/training/test_undated.py)."""

    # -- suspects: columns that look known only at the end ---------------------------------------------------------

    fewest_to_orient: int = 400
    """Groups below which causes and effects are not told apart by value: with 400 a correlation is known to .05, and those
    of two columns of an AUC of .7 by an outcome are .1. `process_columns`."""
    oriented: float = 3.0
    """Standard errors of a column's correlation with the outcome from which on it is asked: by chance one in 700.
    `process_columns` (weak columns of the process)."""
    worth_ranks: float = 2.0
    """Standard errors of the correlation of its bins with the outcome from which on a number's ranks are looked at. A
    judgement: below `oriented` by one."""
    late_prior: float = -2.0
    """Log-odds of a column to be an effect of the outcome before its values are seen: about one in eight.
    `process_columns` (nameless, honest)."""
    late_prior_named: float = 1.0
    """The same where its name, or what it is made of, says so: three in four. `process_columns` (named)."""
    late: float = 1.0
    """Log-odds from which on values alone make a suspect, beside `lifts`. `process_columns` (nameless, honest)."""
    causes: float = 2.0
    """Log-odds by which some columns must fit causes of the outcome better than effects, before others are called effects by
    their values: where no column is a cause, effects may be all that a table honestly has. `process_columns` (nameless: 3.3
    to 24), tables whose columns are all drawn given the outcome (-1 to 1,
    one of eight 3.5)."""
    lifts: float = 1.5
    """By what factor leaving out all suspects together raises the share of pairs in the wrong order, for those whose name
    says nothing; `cuts` where the others are above `implausible` all the same. `process_columns` (few: 1.2 to 8, strong:
    6 to 52), leadforge without leaks (1.0), `propensity` (digits: 1.6)."""
    lifts_named: float = 1.1
    """The same for those whose name speaks: what a model hardly gains by is worth no question. leadforge's counts of touches
    until the cut-off, which are honest (1.01), `process_columns` (few: 1.17 at least)."""
    usual_correlation: float = 0.15
    """The size of a correlation of two columns that have something else in common. A judgement: what is correlated more
    clearly leans to nothing either way."""
    other_reason: float = 0.2
    """The share of pairs that have something else in common. A judgement, as above."""
    kin: float = 5.0
    """Standard errors of a correlation with a suspect among rows of one outcome, for a column whose name is of the process
    too: dozens of pairs are looked at. `process_columns` (named)."""
    follows: float = 0.95
    """The share of records on which one date follows another, or a number is the span of two. A judgement: one record in
    twenty may be wrong."""
    grows: float = 0.3
    """The rank correlation of a count with the age of its row, from which on it goes on to this day. A judgement: what is
    counted at the row's own time knows nothing of how long ago that was; audit (a count that goes on to this day)."""
    beyond: float = 0.75
    """The share of a number's values at each later time that are beyond nearly all before, from which on it tells the calendar.
    `propensity` (rate: "dated" .84 and more; honest numbers that move with time as prices do: below .3)."""
    along: float = 0.93
    """The rank correlation of a number with the time of its row, from which on the same is said: the year of three years has
    .94, a price that doubles in them with a spread of a sixth .87."""
    worth_calendar: float = 0.005
    """By how much of the log-loss the newest quarter must be told better with such columns for them to stay. A judgement: as
    little as makes a verdict elsewhere (`metrics.evidence`)."""
    determined: float = 0.98
    """The share of a column's variance that a marked column and a time explain. A judgement: a copy is rounded at most."""
    determined_by_leak: float = 0.1
    """And how much of that the marked column does. A judgement: the time alone must not."""


POLICY = LeakPolicy()
