"""The shell around pytest: settings, markers, windows, rounds, transport and the end of the run."""
