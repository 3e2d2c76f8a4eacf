"""Files in and out: run files and committed baselines."""
