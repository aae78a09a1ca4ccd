"""The REST endpoints of records, composites, resources and layouts."""
