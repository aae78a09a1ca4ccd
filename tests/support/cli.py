"""The real console script, run as an admin would: a home of its own, the token in the environment, nothing else."""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support import programs, warm

SCRIPT = Path(sys.executable).with_name("sales-consultant")
# Planted: it may be nowhere but in the environment and on the wire.
TOKEN = "pat-eu1-9f2c77a1-planted-secret-4242"
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "OMP_NUM_THREADS")

Document = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """How a command ended: its code, its output, and the document that --json printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Document:
        """The one JSON document on standard output; ValueError where there is more, or something else."""
        found: Document = json.loads(self.out)
        return found

    @property
    def error(self) -> Document:
        """The document's error."""
        found: Document = self.document["error"]
        return found


class Cli:
    """Runs commands in `folder` against the CRM at `url`; every output is searched for the planted token.

    `run` forks a process that has imported what commands need, unless the console script itself is asked for by
    `script`; what is started and not waited for is the console script.
    """

    def __init__(
        self,
        folder: Path,
        url: str = "",
        *,
        token: str = TOKEN,
        script: Path | None = None,
        crm: str = "hubspot",
    ) -> None:
        self.folder = folder
        self.crm = crm
        self.home = folder / "home"
        self.home.mkdir(parents=True, exist_ok=True)
        self.data = folder / "state"
        self.script = script or SCRIPT
        self.warm = script is None
        self.token = token
        # Seconds that a command may take: a training of a whole demo company needs more.
        self.patience = 120
        self.config = folder / "sales-consultant.toml"
        if url:
            self.configure(url)

    def configure(self, url: str, more: str = "", *, scored: bool = False, connection: str = "") -> None:
        """Settings for the tiny company; only where `scored` are its deals, which doubles the time of a run.

        Without, a run still writes segments, lifecycles, tiers and values.
        """
        deals = '[populations.deals]\nobject = "deals"\nevent = "won"\nlabel = "Deals"\n' if scored else ""
        text = f'[connections.main]\ncrm = "{self.crm}"\nurl = "{url}"\n{connection}\n{deals}{more}\n'
        self.config.write_text(text, encoding="utf-8")

    def environ(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of a command: no setting of the machine's own user gets in."""
        kept = {k: v for k, v in os.environ.items() if k in _KEPT}
        places = {
            "HOME": "home",
            "XDG_DATA_HOME": "data",
            "XDG_STATE_HOME": "log",
            "XDG_CACHE_HOME": "cache",
            "XDG_CONFIG_HOME": "config",
        }
        kept |= {k: str(self.home if v == "home" else self.home / v) for k, v in places.items()}
        kept |= {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
        # A keyring of the machine would be asked for secrets that are not the test's.
        kept["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
        kept["SALES_CONSULTANT_MAIN_TOKEN"] = self.token
        return {k: v for k, v in {**kept, **(more or {})}.items() if v != ""}

    def _command(self, args: Sequence[str]) -> list[str]:
        # A data directory belongs to the commands that have the option, after the name of the command.
        words = [a for a in args if not a.startswith("-")]
        own = [] if "--help" in args or not words else ["--data-dir", str(self.data)]
        return [str(self.script), *args, *own]

    def start(
        self,
        *args: str,
        env: Mapping[str, str] | None = None,
        before: Callable[[], None] | None = None,
        **options: Any,
    ) -> subprocess.Popen[str]:
        """The command while it runs, in a process group of its own."""
        if before is not None:
            # Where files must stay small, Python would leave cut-off compiled modules of ours for all who come after.
            env = {**(env or {}), "PYTHONDONTWRITEBYTECODE": "1"}
        return programs.start(
            self._command(args),
            before=before,
            cwd=self.folder,
            env=self.environ(env),
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=options.pop("stdout", subprocess.PIPE),
            stderr=options.pop("stderr", subprocess.PIPE),
            start_new_session=True,
            **options,
        )

    def finish(self, process: "subprocess.Popen[str] | warm.Child", *, stdin: str | None = None) -> Result:
        """Wait for a command that was started, and search what it said for the token."""
        try:
            out, err = process.communicate(stdin, timeout=self.patience)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        assert process.returncode is not None
        result = Result(process.returncode, out or "", err or "")
        self.no_secret(result.out, result.err)
        return result

    def run(
        self,
        *args: str,
        code: int | None = 0,
        env: Mapping[str, str] | None = None,
        stdin: str | None = None,
        before: Callable[[], None] | None = None,
    ) -> Result:
        """The command's result; with `code` its exit code must be that."""
        process: subprocess.Popen[str] | warm.Child
        if self.warm and stdin is None and before is None:
            process = warm.shared().start(self._command(args)[1:], self.environ(env), self.folder)
        else:
            pipe = subprocess.PIPE if stdin is not None else subprocess.DEVNULL
            process = self.start(*args, env=env, before=before, stdin=pipe)
        result = self.finish(process, stdin=stdin)
        if code is not None:
            assert result.code == code, (
                f"{args} ended with {result.code}, not {code}: {result.out}{result.err}"
            )
        return result

    def json(
        self,
        *args: str,
        code: int | None = 0,
        env: Mapping[str, str] | None = None,
        before: Callable[[], None] | None = None,
    ) -> Document:
        """The document of a command run with --json."""
        return self.run(*args, "--json", code=code, env=env, before=before).document

    def no_secret(self, *texts: str) -> None:
        """Nothing said, logged or kept holds the token."""
        for text in texts:
            assert self.token not in text, "the planted token was printed"

    def no_secret_kept(self) -> None:
        """No file that the commands left holds the token: logs, state, warehouse, models, plans."""
        for file in self.folder.rglob("*"):
            if file.is_file() and self.token.encode() in file.read_bytes():
                raise AssertionError(f"the planted token is in {file.relative_to(self.folder)}")


def small_files(limit: int) -> Callable[[], None]:
    """Run in a child before the command: no file may grow beyond `limit` bytes, as on a full disk."""

    def apply() -> None:
        # Or the kernel would end the process where it should answer "file too large".
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return apply
