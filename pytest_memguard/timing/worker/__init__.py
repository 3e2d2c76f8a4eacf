"""The pytest plugin of a timed process: stands inside benchmarks and runs slices as it is told.

It is copied beside the tree that is timed and imported from there, under another name, so that a tree that holds
pytest-memguard itself can be timed too: it imports the standard library, pytest and itself alone.
"""
