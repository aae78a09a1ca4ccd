"""The demo's result for people."""

from typing import Any

from rich.console import Console
from rich.text import Text

from sales_consultant.sync.render import plain


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


def whole(made: dict[str, Any]) -> None:
    """Everything: counts, forward tests, the best records, the second sync."""
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


def short(made: dict[str, Any]) -> None:
    """Counts and the best five."""
    console = _console()
    _head(console, made)
    for r in made["records"][:5]:
        worth = f"{float(r['expected_value']):,.0f}" if r["expected_value"] else "-"
        console.print(Text(f"  {plain(r['name'])}: {worth} in 12 months, segment {plain(r['segment'])}"))
    _tail(console, made)


def _tail(console: Console, made: dict[str, Any]) -> None:
    second = made["second_sync"]
    console.print(
        Text(f"second sync at the same as-of: {second['written']} written, {second['api_calls']} calls")
    )
    if made["page"]:
        console.print(Text(f"the best record's page: {made['page']}"))
