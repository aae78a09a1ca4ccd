"""Reports of a connection: what they are made from, their sections, and the files they become."""
