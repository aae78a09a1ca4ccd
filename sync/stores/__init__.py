"""The stores of a connection: the state, the warehouse, pages on the way, and copies of the state."""
