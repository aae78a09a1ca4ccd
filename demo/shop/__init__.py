"""The demo company that sells goods: real orders under invented customer names."""
