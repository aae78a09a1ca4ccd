"""The models of a connection: trained, judged, published, shown and moved between orgs."""
