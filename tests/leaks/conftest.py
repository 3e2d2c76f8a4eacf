"""Make the zoo importable by its own name: the subprocesses that run it know it by no other."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
