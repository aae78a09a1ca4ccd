"""MeltanoLabs' Singer tap: it discovers its streams from the portal's definitions, then pulls every kind of activity.

Run in an environment of its own. Its requests trust what certifi brings along and nothing else, so that the sandbox's authority
is put there while the tap runs.
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import certifi  # type: ignore[import-not-found,unused-ignore]  # in the clients' environment

ACTIVITIES = (
    "calls",
    "emails",
    "meetings",
    "notes",
    "tasks",
    "communications",
    "postal_mail",
    "feedback_submissions",
)


def tap(folder: Path, *words: str) -> str:
    """What the tap prints."""
    command = [
        str(Path(sys.executable).with_name("tap-hubspot")),
        "--config",
        str(folder / "config.json"),
        *words,
    ]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False, timeout=200
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return done.stdout


def main(given: dict[str, Any]) -> dict[str, Any]:
    trusted = Path(certifi.where())
    own = trusted.read_bytes()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        config = {"access_token": "a-long-fake-token", "start_date": "2020-01-01T00:00:00Z"}
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
        try:
            trusted.write_bytes(own + Path(given["ca"]).read_bytes())
            catalog = json.loads(tap(folder, "--discover"))
            wanted = [s for s in catalog["streams"] if s["tap_stream_id"] in ACTIVITIES]
            for stream in wanted:
                for entry in stream["metadata"]:
                    entry["metadata"]["selected"] = True
            (folder / "catalog.json").write_text(json.dumps({"streams": wanted}), encoding="utf-8")
            told = tap(folder, "--catalog", str(folder / "catalog.json"))
        finally:
            trusted.write_bytes(own)
    rows = Counter(m["stream"] for m in map(json.loads, told.splitlines()) if m["type"] == "RECORD")
    fields = {s["tap_stream_id"]: sorted(s["schema"]["properties"]) for s in wanted}
    return {"streams": len(catalog["streams"]), "rows": rows, "fields": fields}


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin))))
