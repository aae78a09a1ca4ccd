"""The run and the use cases that commands call; owner of the stores."""
