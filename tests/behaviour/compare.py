"""Says where two folders made by record.py differ: `python -m behaviour.compare BEFORE AFTER`; exit code 1 where they do.

Numbers in JSON documents and model files are the same to 1e-12 relative; everything else must be equal. How often a run or a
plan was named before is left out: it depends on the texts for people.
"""

import difflib
import json
import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TOLERANCE = 1e-12
SHOWN = 12
NUMBERED = re.compile(rb"<(run|plan) \d+>")


def files(folder: Path) -> dict[str, Path]:
    """All files of a recording by their path in it."""
    return {str(p.relative_to(folder)): p for p in sorted(folder.rglob("*")) if p.is_file()}


def close(a: float, b: float) -> bool:
    """Whether two numbers are the same to the tolerance; NaN is the same as NaN."""
    return a == b or (math.isnan(a) and math.isnan(b)) or abs(a - b) <= TOLERANCE * max(abs(a), abs(b))


def number(value: Any) -> bool:
    """Whether a JSON value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def differences(a: Any, b: Any, path: str = "") -> Iterator[str]:
    """Where two JSON values differ, one line a place."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted({*a, *b}):
            place = f"{path}.{key}"
            if key not in a:
                yield f"{place}: new: {short(b[key])}"
            elif key not in b:
                yield f"{place}: gone: {short(a[key])}"
            else:
                yield from differences(a[key], b[key], place)
        if a.keys() == b.keys() and list(a) != list(b):
            yield f"{path}: order of the keys: {short(list(a))} -> {short(list(b))}"
    elif isinstance(a, list) and isinstance(b, list):
        if len(a) != len(b):
            yield f"{path}: {len(a)} items -> {len(b)}"
        for n, (x, y) in enumerate(zip(a, b, strict=False)):
            yield from differences(x, y, f"{path}[{n}]")
    elif number(a) and number(b):
        if not close(a, b):
            yield f"{path}: {a!r} -> {b!r}"
    elif a != b or type(a) is not type(b):
        yield f"{path}: {short(a)} -> {short(b)}"


def short(value: Any) -> str:
    """A value in a line that can be read."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:200]}..."


def of_text(a: str, b: str) -> list[str]:
    """The lines in which two texts differ; a few thousand lines of a table are compared as sets, which is fast."""
    before, after = a.splitlines(), b.splitlines()
    if len(before) + len(after) > 4000:
        gone, new = set(before) - set(after), set(after) - set(before)
        told = [*(f"- {x}" for x in sorted(gone)), *(f"+ {x}" for x in sorted(new))]
        return told or ["the same lines in another order or number"]
    told = [
        x for x in difflib.unified_diff(before, after, n=0, lineterm="") if x[:2] not in ("--", "++", "@@")
    ]
    return told or ["the same lines, other line ends"]


def compared(before: Path, after: Path) -> dict[str, list[str]]:
    """The differences by file; a file that only one folder has is a difference."""
    a, b = files(before), files(after)
    found: dict[str, list[str]] = {}
    for name in sorted({*a, *b}):
        if name not in b or name not in a:
            found[name] = ["only in the first" if name in a else "only in the second"]
            continue
        x, y = (NUMBERED.sub(rb"<\1>", side[name].read_bytes()) for side in (a, b))
        if x == y:
            continue
        in_json = name.endswith(".json")
        told = list(differences(json.loads(x), json.loads(y))) if in_json else of_text(x.decode(), y.decode())
        if told:
            found[name] = told
    return found


def main(words: list[str]) -> int:
    """Print the differences; 0 where there is none, 1 otherwise, 2 where there is nothing to compare."""
    if len(words) != 2 or not all(files(Path(w)) for w in words):
        print("usage: python -m behaviour.compare BEFORE AFTER (two folders made by behaviour.record)")
        return 2
    found = compared(Path(words[0]), Path(words[1]))
    for name, told in found.items():
        print(f"{name}: {len(told)} differences")
        for line in told[:SHOWN]:
            print(f"    {line[:400]}")
        if len(told) > SHOWN:
            print(f"    ... and {len(told) - SHOWN} more")
    print(f"{len(files(Path(words[0])))} files compared, {len(found)} differ")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
