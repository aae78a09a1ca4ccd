"""The commands: each parses its options, calls one use case of `sync`, and shows the result.

A module holds a group of commands and is loaded when one of them is called. `shell` is what they share, `options` the
options that several take, `output` what a person reads in a terminal. Nothing is decided here.
"""
