"""A portal with people in it, for tests of what a pull makes of their work."""

from collections.abc import Iterator

import pytest
from histories.hubspot_world import HubSpotWorld
from histories.play import CLOCK
from support.in_process import LocalSandbox


@pytest.fixture
def world() -> Iterator[HubSpotWorld]:
    with LocalSandbox("hubspot", clock=CLOCK) as sandbox:
        made = HubSpotWorld(sandbox)
        yield made
        made.warehouse.close()
