"""The leak audit: columns that know the outcome before it has happened."""
