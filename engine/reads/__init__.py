"""What other rooms read of the tables: each question is a function, so that no SQL text stands elsewhere."""
