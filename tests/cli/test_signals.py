"""What runs in the background, where SIGINT is ignored, stops on SIGTERM and on nothing else."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
from support.cli import Cli
from support.office import Office, wait_for


def ignoring() -> None:
    """As a shell without job control starts what stands before an ampersand."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.slow
def test_the_service_in_the_background(synced: Office, tmp_path: Path) -> None:
    synced.cli.configure(synced.sandbox.url, '[schedule.n]\ncron = "0 4 * * *"\n[service]\nport = 0')
    log = tmp_path / "log"
    with log.open("w", encoding="utf-8") as out:
        process = synced.cli.start("serve", before=ignoring, stdout=out)
        wait_for(lambda: "ready" in log.read_text(encoding="utf-8"))
        os.kill(process.pid, signal.SIGINT)
        time.sleep(0.7)
        assert process.poll() is None
        os.kill(process.pid, signal.SIGTERM)
        done = synced.cli.finish(process)
    assert done.code == 0, done.err
    events = [json.loads(line)["event"] for line in log.read_text(encoding="utf-8").splitlines()]
    assert events == ["listening", "ready", "stopped"]


def test_the_sandbox_in_the_background(tmp_path: Path, folder: Path) -> None:
    cli = Cli(tmp_path / "admin")
    log = tmp_path / "log"
    with log.open("w", encoding="utf-8") as out:
        process = cli.start(
            "sandbox", "serve", "--data", str(folder), "--port", "0", before=ignoring, stdout=out
        )
        wait_for(lambda: log.read_text(encoding="utf-8").count("\n"))
        os.kill(process.pid, signal.SIGTERM)
        done = cli.finish(process)
    assert done.code == 0
    assert "Traceback" not in done.err
