"""lifelines in an environment of its own, since it holds pandas below 3: rows in, figures out, as JSON."""

import json
import sys
from pathlib import Path
from typing import Any

from support import programs

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".venv" / "lifelines"
LOCK = ROOT / "requirements-lifelines.lock"
THEIRS = """
import json, sys, time, warnings
import numpy as np
import pandas as pd
from lifelines import AalenJohansenFitter, KaplanMeierFitter
warnings.simplefilter("ignore")
rows = json.load(open(sys.argv[1]))
duration, cause = np.array(rows["duration"], dtype=float), np.array(rows["cause"], dtype=int)
entry = np.array(rows["entry"], dtype=float) if rows.get("entry") is not None else None
told = {}
began = time.perf_counter()
km = KaplanMeierFitter().fit(duration, cause > 0, entry=entry)
told["seconds_km"] = time.perf_counter() - began
band = km.confidence_interval_survival_function_
told["km"] = {"t": list(km.survival_function_.index), "s": list(km.survival_function_.iloc[:, 0]),
              "low": list(band.iloc[:, 0]), "high": list(band.iloc[:, 1]), "median": km.median_survival_time_}
told["aj"] = {}
for k in rows.get("causes", []):
    began = time.perf_counter()
    aj = AalenJohansenFitter().fit(duration, cause, k, entry=entry)
    told["seconds_aj"] = told.get("seconds_aj", 0) + time.perf_counter() - began
    band = aj.confidence_interval_
    told["aj"][str(k)] = {"t": list(aj.cumulative_density_.index), "f": list(aj.cumulative_density_.iloc[:, 0]),
                          "v": list(np.ravel(aj.variance_)), "low": list(band.iloc[:, 0]), "high": list(band.iloc[:, 1])}
if rows.get("brief"):
    told = {k: v for k, v in told.items() if k.startswith("seconds")} | {"km": {"median": told["km"]["median"]},
            "aj": {k: v["f"][-1] for k, v in told["aj"].items()}}
print(json.dumps(told))
"""


def made() -> bool:
    """Whether the environment is there and as new as its lock."""
    mark = FOLDER / "installed"
    return mark.exists() and mark.stat().st_mtime >= LOCK.stat().st_mtime


def python() -> Path:
    """Python of the environment; it is made where it is missing."""
    found = FOLDER / "bin" / "python"
    if not made():
        FOLDER.parent.mkdir(exist_ok=True)
        programs.run([sys.executable, "-m", "venv", "--clear", str(FOLDER)], check=True)
        pip = [
            str(found),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
        ]
        programs.run([*pip, "-r", str(LOCK)], check=True)
        (FOLDER / "installed").touch()
    return found


def ask(rows: dict[str, Any], file: Path) -> dict[str, Any]:
    """What lifelines makes of rows: duration, cause, entry (or None), causes (of Aalen-Johansen), brief."""
    file.write_text(json.dumps(rows), encoding="utf-8")
    done = programs.run([str(python()), "-I", "-c", THEIRS, str(file)], check=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told
