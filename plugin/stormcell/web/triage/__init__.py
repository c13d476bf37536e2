"""The list of groups: which are shown, what is told of each, and what is done to one at a click."""
