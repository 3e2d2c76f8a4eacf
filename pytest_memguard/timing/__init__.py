"""Timings that can be trusted: two commits in turns on one core, and what machine they ran on."""
