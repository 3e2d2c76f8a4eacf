import subprocess
import sys

from pytest_memguard.model import WindowPlan
from pytest_memguard.probes.rss_tree import RssTreeProbe

CHILD = "import time; held = bytearray(b'x') * (60 * 2**20); print('ready', flush=True); time.sleep(0.2)"


def test_children_count():
    window = RssTreeProbe().open(WindowPlan())
    with subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE) as child:
        assert child.stdout.readline().strip() == b"ready"
        held = window.mark()
    reading = window.close()
    assert held.retained_bytes > 60 * 2**20
    assert reading.peak_bytes >= held.retained_bytes
    assert reading.retained_bytes < 20 * 2**20
