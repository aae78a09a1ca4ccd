"""What settings and messages need of language: nearest names, articles, lengths of texts."""
