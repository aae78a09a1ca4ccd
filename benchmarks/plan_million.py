"""Planning a million records against a million: seconds, and memory of the whole process.

`RECORDS=n` for another number. Every fiftieth score has moved; what the CRM holds and what was written last are as pulled.
"""

import json
import os
import resource
import subprocess
import sys
import time

LIMIT_SECONDS, LIMIT_MB = 30, 1000


def measure(count: int) -> None:
    """In this process: make both sides, plan, and print what it took as JSON."""
    from sales_consultant.config.fields.catalogue import fields
    from sales_consultant.config.records import RecordRef
    from sales_consultant.sync.plan.desired_values import Desired
    from sales_consultant.sync.plan.plan import CurrentValues, Limits, Values, make

    def values(n: int, more: int) -> Values:
        return {
            "score": str(n % 90 + 5 + more),
            "grade": "ABCD"[n % 4],
            "top_reason": f"{n % 40} meetings in the last 2 weeks",
            "trend": "steady",
            "model": "deals 12345678",
            "segment": "prospects",
        }

    desired = Desired(0, modelled={"contacts"})
    held, written = {}, {}
    once: dict[object, str | None] = {}
    for n in range(count):
        key = RecordRef("contacts", str(n))
        moved = values(n, 4 if n % 50 == 0 else 0)
        # As `desired.build` and `held.read` keep them: each text once, and what we last wrote and is still there once.
        desired.record(key).values.update({k: sys.intern(v or "") for k, v in moved.items()})
        held[key] = written[key] = {k: once.setdefault(v, v) for k, v in values(n, 0).items()}
    begun, used = time.perf_counter(), time.process_time()
    plan = make(
        desired, CurrentValues(held, written), fields("standard", ["contacts"]), Limits(), identity="x"
    )
    summary = plan.summary()
    assert summary["records"] == -(-count // 50)
    print(
        json.dumps(
            {
                "seconds": time.perf_counter() - begun,
                "cpu": time.process_time() - used,
                "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


def run() -> None:
    """One line."""
    count = int(os.environ.get("RECORDS", "1000000"))
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.plan_million", str(count)],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    found = json.loads(done.stdout)
    print(
        f"plan_million: {count:,} records against {count:,} in {found['seconds']:.0f} s, {found['cpu']:.0f} s of CPU "
        f"({LIMIT_SECONDS} s), {found['mb']:,.0f} MB ({LIMIT_MB:,} MB)"
    )


if __name__ == "__main__":
    measure(int(sys.argv[1]))
