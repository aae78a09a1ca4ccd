"""The sandbox as a server: gate, control endpoint, web pages, TLS."""
