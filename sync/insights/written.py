"""A report as a file: a page, a PDF of that page, or a folder of tables."""

import csv
import shutil
import subprocess
import tempfile
from pathlib import Path

from sales_consultant.config.errors import MachineError, UsageError
from sales_consultant.config.files import guarded, written_to
from sales_consultant.insight.reports import Report, Words, html, plain_value

# Browsers of one make, under the names that systems give them.
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)
# A page of this size is printed in two seconds; a machine that is busy may need much longer.
_SECONDS = 120


def write(report: Report, words: Words, kind: str, out: Path) -> tuple[Path, ...]:
    """Write a report as html, pdf (a file) or csv (a folder); the files that were made.

    Raises UsageError where something is there already, MachineError where it cannot be written or nothing can print a PDF.
    """
    if out.exists():
        raise UsageError(f"{out} is there already.", action="Give another --out.")
    if kind == "csv":
        return _tables(report, out)
    page = html(report, words)
    with written_to(out, "--out"):
        if kind == "html":
            out.write_text(page, encoding="utf-8")
        else:
            out.write_bytes(pdf(page))
    return (out,)


def _tables(report: Report, out: Path) -> tuple[Path, ...]:
    made = []
    with written_to(out, "--out"):
        out.mkdir()
        for section in report.sections:
            for figure in section.figures:
                file = out / f"{section.key}-{figure.key}.csv"
                # The mark at the beginning is what spreadsheets tell UTF-8 by.
                with file.open("w", encoding="utf-8-sig", newline="") as stream:
                    rows = csv.writer(stream)
                    rows.writerow([c.key for c in figure.table.columns])
                    for row in figure.table.rows:
                        values = [
                            plain_value(v, c.kind) for v, c in zip(row, figure.table.columns, strict=True)
                        ]
                        rows.writerow([guarded(v) if isinstance(v, str) else v for v in values])
                made.append(file)
    return tuple(made)


def browser() -> str | None:
    """The program of this machine that prints pages, or None."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def pdf(page: str, *, program: str | None = None) -> bytes:
    """A page as a PDF, printed by a browser without a screen. MachineError where there is none, or it fails."""
    program = program or browser()
    if program is None:
        raise MachineError(
            "A PDF is printed by Chromium or Chrome, and neither is on this machine.",
            action="Install one (on Debian: apt install chromium), or take --format html and print that page.",
        )
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "report.html", Path(folder) / "report.pdf"
        source.write_text(page, encoding="utf-8")
        # The page is our own and asks for nothing outside; a profile of its own leaves the person's alone.
        call = [
            program, "--headless", "--disable-gpu", "--no-sandbox", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", f"--user-data-dir={folder}/profile", "--no-pdf-header-footer",
            f"--print-to-pdf={target}", source.as_uri(),
        ]  # fmt: skip
        try:
            done = subprocess.run(call, capture_output=True, timeout=_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as e:
            raise MachineError(
                f"{program} did not print the report ({type(e).__name__}).",
                action="Take --format html and print that page.",
            ) from e
        if not target.is_file():
            raise MachineError(
                f"{program} did not print the report (exit code {done.returncode}).",
                action="Take --format html and print that page.",
            )
        return target.read_bytes()
