from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import given

from pytest_memguard.reports.markdown import render
from pytest_memguard.reports.rows import HEADER
from tests.reports.runs import EMPTY, EVERYTHING, runs
from tests.reports.test_markdown_text import MARKDOWN


class Structure(HTMLParser):
    """The tags that stay open, and what is not ours."""

    def __init__(self):
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_everything():
    assert (
        render(EVERYTHING)
        == """\
### memguard

3 guarded (1 pass, 1 fail, 1 inconclusive), 30 unguarded, 1 unavailable, 1 not measured

| test | probe | metric | measured | budget | head-room | verdict |
| --- | --- | --- | ---: | ---: | ---: | --- |
| <code>tests/test_x.py::test_fail</code> | python | peak | 40.0 MiB | 39.0 MiB | -2.6 % | fail |
| <code>tests/test_x.py::test_unclear</code> | python | leak | 41 B | 0 B | - | inconclusive |

<details><summary><code>tests/test_x.py::test_fail</code></summary>

```text
peak 40.0 MiB, budget 39.0 MiB (+2.6 %), probe python

peak (python), held near the peak:
  40.0 MiB  1 block    tests/test_x.py:12      a = np.zeros(n)  (via numpy/core.py:3)
     400 B  70 blocks  tests/test_longer.py:7  names = []
     100 B  2 blocks   t.py:1
```

</details>

<details><summary>No verdict, and why</summary>

- inconclusive: growth fades too slowly to tell
  - <code>tests/test_x.py::test_unclear</code>
- unavailable: cupy is not installed
  - <code>tests/test_x.py::test_gpu</code>
- not measured: no runner of async tests is known
  - <code>tests/test_x.py::test_async</code>

</details>

<details><summary>1 baseline missing: run <code>pytest --memguard --memguard-update</code></summary>

- <code>tests/test_x.py::test_new &#91;python peak&#93;</code>

</details>

<details><summary>2 orphaned baselines: run <code>memguard baseline prune</code></summary>

- <code>tests/test_gone.py::test_a</code>
- <code>tests/test_gone.py::test_b</code>

</details>

<details><summary>3 measurements within budget</summary>

| test | probe | metric | measured | budget | head-room | verdict |
| --- | --- | --- | ---: | ---: | ---: | --- |
| <code>tests/test_x.py::test_pass</code> | heap | peak | 1.0 MiB | 1.0 MiB +24.5 KiB | 2.3 % |  |
| <code>tests/test_x.py::test_pass</code> | cupy | hit_rate | 0.95 | &#62;= 0.9 | 5.6 % |  |
| <code>tests/test_x.py::test_fail</code> | python | leak | 0 B | 0 B | - |  |

</details>
"""
    )


def test_nothing_guarded():
    assert render(EMPTY) == "### memguard\n\n0 guarded\n"


@given(run=runs)
def test_whatever_tests_are_called_the_structure_is_ours(run):
    html = MARKDOWN.render(render(run))
    structure = Structure()
    structure.feed(html)
    assert structure.open == []
    tables = {"table", "thead", "tbody", "tr", "th", "td"}
    assert structure.seen <= {*tables, "h3", "p", "ul", "li", "code", "pre", "details", "summary"}
    for row in re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL):
        assert len(re.findall("<t[hd]", row)) == len(HEADER)
