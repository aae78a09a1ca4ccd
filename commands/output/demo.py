"""The demo's result for people."""

from typing import Any

from rich.console import Console
from rich.text import Text

from sales_consultant.commands.output.text import plain
from sales_consultant.config.catalogue import by_key


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)


def _counts(found: dict[str, Any]) -> str:
    return ", ".join(f"{n:,} {k.replace('_', ' ')}" for k, n in found.items())


def _test(test: dict[str, Any]) -> str:
    if test.get("auc") is None:
        return f"{test['name']}: {test.get('verdict')}"
    dropped = [str(x.get("column", x)) if isinstance(x, dict) else str(x) for x in test.get("leaks", [])]
    return (
        f"{test['name']}: AUC {test['auc']:.3f} ({test['auc_low']:.3f} to {test['auc_high']:.3f}), "
        f"log-loss {test['log_loss']:.4f} against {test['base_log_loss']:.4f} of the base rate "
        f"({test['n']:,} rows, {test['base_rate']:.1%}): {test['verdict']}"
        + (f"; left out: {', '.join(dropped[:6])}{' ...' if len(dropped) > 6 else ''}" if dropped else "")
    )


def show(made: dict[str, Any]) -> None:
    """One company's demo, by whether its records have scores."""
    scored = any(r["score"] is not None for r in made["records"])
    (deals if scored else customers)(made)


def _head(console: Console, made: dict[str, Any]) -> None:
    changed = made["changed"]
    console.print(Text(f"\n{made['notice']}", style="dim"))
    console.print(Text(f"pulled   {_counts(made['pulled'])}"))
    console.print(Text(f"scored   {_counts(made['scored'])}"))
    console.print(
        Text(
            f"written  {made['written']:,} records, {changed['changes']:,} values; {made['dead']} refused by the CRM"
        )
    )
    console.print(
        Text(
            f"calls    {made['api_calls']:,}; the vendor's own limits would have taken "
            f"{made['seconds_at_vendor_limits']:,.0f} s, this took {made['seconds']:,.0f} s"
        )
    )
    if not made["forward_tests"]:
        console.print(
            Text(
                "no forward test: nothing here is open for a while and then won or lost, so no record gets a score; "
                "customers get a value, a segment and a risk of leaving"
            )
        )
        return
    console.print(Text("forward test, in time, on all open records:"))
    for test in made["forward_tests"]:
        good = test.get("verdict") == "better than base rate"
        console.print(Text(f"  {_test(test)}", style="" if good else "yellow"))
        if not good:
            few = test.get("verdict") == "too little data"
            said = (
                "so rules give a grade, and no probability is written"
                if few
                else "so no such score was written"
            )
            console.print(Text(f"    {said}", style="yellow"))


def deals(made: dict[str, Any]) -> None:
    """A company that sells by deals: counts, forward tests, the best open records with score and step, the second sync."""
    console = _console()
    _head(console, made)
    console.print(
        Text(
            f"\nthe {len(made['records'])} most valuable open records, as their reps see them:", style="bold"
        )
    )
    for r in made["records"]:
        worth = f"{float(r['expected_value']):>10,.0f}" if r["expected_value"] else f"{'-':>10}"
        console.print(Text(f"  {r['score'] or '-':>2} {r['grade'] or '-'} {worth}  {plain(r['name'])}"))
        if r["reasons"]:
            console.print(Text(f"{'why':>15}  {' · '.join(plain(x) for x in r['reasons'])}", style="dim"))
        if r["next_step"]:
            due = f", due {r['next_step_due']}" if r["next_step_due"] else ""
            console.print(Text(f"{'next':>15}  {plain(r['next_step'])}{due}", style="green"))
    _tail(console, made)


def customers(made: dict[str, Any]) -> None:
    """A company whose customers buy without deals: counts, and the most valuable customers by what they are told."""
    console = _console()
    _head(console, made)
    found = made["records"]
    console.print(Text(f"\nthe {len(found)} most valuable customers, as their reps see them:", style="bold"))
    console.print(
        Text(f"  {'12 months':>10}  {'tier':<6}  {'segment':<16}  {'risk':>5}  customer", style="dim")
    )
    for r in found:
        console.print(
            Text(
                f"  {_worth(r):>10}  {_tier(r):<6}  {_word(r, 'segment'):<16}  {_risk(r):>5}  {plain(r['name'])}"
            )
        )
    _tail(console, made)


def _worth(r: dict[str, Any]) -> str:
    return f"{float(r['expected_value']):,.0f}" if r["expected_value"] else "-"


def _word(r: dict[str, Any], key: str) -> str:
    """An enumeration's value by its label, as the CRM shows it."""
    return by_key(key).option_label(str(r[key])) if r[key] else "-"


def _tier(r: dict[str, Any]) -> str:
    return _word(r, "customer_tier")


def _risk(r: dict[str, Any]) -> str:
    return f"{r['churn_risk']} %" if r["churn_risk"] is not None else "-"


def _tail(console: Console, made: dict[str, Any]) -> None:
    second = made["second_sync"]
    console.print(
        Text(f"second sync at the same as-of: {second['written']} written, {second['api_calls']} calls")
    )
    if made["page"]:
        console.print(Text(f"the page of one of them, to be opened in a browser: {made['page']}"))
