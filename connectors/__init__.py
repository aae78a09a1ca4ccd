"""The CRMs: one protocol, one package each."""
