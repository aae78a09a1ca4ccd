"""The console script and a sandbox as processes, for a recording: what was said is written down step by step.

The sandbox's clock stands still, or two recordings would differ by the seconds that they took: a `sitecustomize` that
is laid into the sandbox's path makes `time.monotonic` answer 0 to the code of the product (asyncio keeps its own).
"""

import hashlib
import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from behaviour import company, programs
from behaviour.normal import Normal

CLOCK = "2024-12-11T07:00:00Z"
TOKEN = "pat-eu1-planted-for-the-recording"
_STILL = """
import sys, time
_real = time.monotonic
def monotonic():
    name = sys._getframe(1).f_code.co_filename
    ours = "/sales_consultant/" in name or (name.startswith({root!r}) and not name.startswith({venv!r}))
    return 0.0 if ours else _real()
time.monotonic = monotonic
"""


def environ(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a command: nothing of the machine's user gets in; one thread, no random order of sets."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "TMPDIR")}
    kept |= {"HOME": str(home), "TZ": "UTC", "COLUMNS": "400", "NO_COLOR": "1", "TERM": "dumb"}
    kept |= {f"XDG_{k}_HOME": str(home / k.lower()) for k in ("DATA", "STATE", "CONFIG")}
    kept |= {
        "XDG_CACHE_HOME": str(home.parent.parent / "cache"),
        "OMP_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
    }
    kept |= {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", "SALES_CONSULTANT_MAIN_TOKEN": TOKEN}
    return kept | dict(more or {})


class Box:
    """A sandbox CRM that serves the small company until `close`."""

    def __init__(self, script: Path, scratch: Path) -> None:
        root = script.parents[2]
        (scratch / "still").mkdir(parents=True)
        text = _STILL.format(root=f"{root}/", venv=f"{root}/.venv/")
        (scratch / "still" / "sitecustomize.py").write_text(text, encoding="utf-8")
        company.write(scratch / "tables")
        self.process = programs.start(
            [
                str(script),
                "sandbox",
                "serve",
                "--port",
                "0",
                "--clock",
                CLOCK,
                "--data",
                str(scratch / "tables"),
            ],
            cwd=scratch,
            env=environ(scratch / "home", {"PYTHONPATH": str(scratch / "still")}),
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line.startswith("ready "):
            raise SystemExit(f"The sandbox did not start: {line}{self.process.stdout.read()}")
        self.url = line.split()[1]

    def http(self, method: str, path: str, body: Any = None, token: str = TOKEN) -> Any:
        """The JSON answer of the sandbox; SystemExit with what it says where it refuses."""
        data = None if body is None else json.dumps(body).encode()
        head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data, head, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
        except urllib.error.HTTPError as e:
            raise SystemExit(f"{method} {path} {body}: {e.code} {e.read().decode()}") from e
        return json.loads(text) if text else None

    def control(self, action: str, **body: Any) -> Any:
        """An action under /_sandbox."""
        return self.http("POST", f"/_sandbox/{action}", body)

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(30)


class Desk:
    """Runs commands in a folder of its own and writes down how each ended."""

    def __init__(self, script: Path, scratch: Path, out: Path, crm: str) -> None:
        self.script, self.folder, self.out, self.crm = script, scratch, out, crm
        (scratch / "home").mkdir(parents=True, exist_ok=True)
        (out / "steps").mkdir(parents=True)
        self.box = Box(script, scratch)
        self.main = scratch / "state" / "main"
        words = {
            self.org(): "<org 1>",
            self.box.url: "<sandbox>",
            str(scratch): "<folder>",
            str(script.parents[2]): "<checkout>",
        }
        self.normal = Normal(words, self.main / "models")
        self.number = 0
        self.took: list[tuple[float, str]] = []

    def org(self) -> str:
        """The org's id, which every sandbox draws anew."""
        if self.crm == "hubspot":
            return str(self.box.http("GET", "/account-info/v3/details")["portalId"])
        query = "/services/data/v62.0/query?q=SELECT+Id+FROM+Organization"
        return str(self.box.http("GET", query)["records"][0]["Id"])

    def start(self, *words: str, env: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
        """A command while it runs."""
        command = [str(self.script), *words]
        if words and "--help" not in words:
            command += ["--data-dir", str(self.folder / "state")]
        return programs.start(
            command,
            cwd=self.folder,
            env=environ(self.folder / "home", env),
            stderr=subprocess.PIPE,
        )

    def run(self, *words: str, env: Mapping[str, str] | None = None, read: bool = True) -> Any:
        """Run a command a minute later by the CRM's clock, and write it down; its JSON document as it came.

        Without `read` the command is run for people: its text is written down.
        """
        self.box.control("clock", advance=60)
        begun = time.monotonic()
        told = [*words, "--json"] if read else list(words)
        process = self.start(*told, env=env)
        out, err = process.communicate(timeout=600)
        self.took.append((time.monotonic() - begun, " ".join(told)))
        document: Any = None
        if read:
            try:
                document = json.loads(out)
            except ValueError:
                read = False
        self.keep(
            self.normal.text("-".join(w.strip("-") for w in words[:3])),
            {
                "command": [self.normal.text(w) for w in told],
                "code": process.returncode,
                "stdout": self.normal.value(document) if read else self.normal.text(out).splitlines(),
                "stderr": self.normal.text(err).splitlines(),
            },
        )
        return document

    def keep(self, name: str, value: Any) -> None:
        """Write a value down as the next step; it is normalised already."""
        self.number += 1
        safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in name)[:60]
        write(self.out / "steps" / f"{self.number:03d}-{safe}.json", value)

    def keep_file(self, name: str) -> Any:
        """Write down a JSON or text file that a command left in the folder; a JSON document is answered."""
        text = (self.folder / name).read_text(encoding="utf-8")
        try:
            document = json.loads(text)
        except ValueError:
            self.keep(f"file-{name}", self.normal.text(text).splitlines())
            return None
        self.keep(f"file-{name}", self.normal.value(document))
        return document

    def tables(self, kind: str, found: dict[str, list[str]]) -> None:
        """Write tables down, and their rows and digests in one file."""
        summary_file = self.out / "tables.json"
        summary = json.loads(summary_file.read_text(encoding="utf-8")) if summary_file.exists() else {}
        for name, lines in found.items():
            text = "\n".join(lines) + "\n"
            path = self.out / "tables" / kind / f"{name}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            digest = hashlib.sha256(text.encode()).hexdigest()
            summary[f"{kind}.{name}"] = {"rows": len(lines) - 1, "sha256": digest}
        write(summary_file, summary)

    def calls(self) -> None:
        """Write down how many calls the CRM has had, by kind."""
        self.keep("calls", self.box.http("GET", "/_sandbox")["calls"])

    def close(self) -> None:
        """End the sandbox."""
        self.box.close()


def write(path: Path, value: Any) -> None:
    """JSON that can be read and compared by lines; the order of keys stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")
