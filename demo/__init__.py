"""The demo company and the main job on it."""
