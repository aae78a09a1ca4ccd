"""What every run stands on: one connection's workspace, one run at a time, views held as tables."""
