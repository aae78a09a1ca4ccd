"""What holds for all tests."""

from hypothesis import settings

# A limit of wall clock time an example fails where another program has the processor; speed is what benchmarks measure.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")
