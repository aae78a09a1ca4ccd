"""What decides whether a model may be published: the forward test and what is read from it."""
