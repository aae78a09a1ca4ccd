"""What holds for all tests."""

import os
import zlib

import pytest
from hypothesis import settings

# A limit of wall clock time an example fails where another program has the processor; speed is what benchmarks measure.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of the slow tests only the modules of one part, where `SLOW_PART` asks for one: 2/3 is the second of three parts."""
    asked = os.environ.get("SLOW_PART")
    if not asked:
        return
    part, parts = (int(n) for n in asked.split("/"))
    # Whole modules: their tests share what is costly to make.
    left = [
        item
        for item in items
        if item.get_closest_marker("slow")
        and zlib.crc32(item.path.name.encode()) % parts != (part - 1) % parts
    ]
    config.hook.pytest_deselected(items=left)
    out = set(left)
    items[:] = [item for item in items if item not in out]
