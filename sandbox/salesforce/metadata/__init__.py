"""The Metadata and Tooling APIs."""
