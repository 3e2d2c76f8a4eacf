"""The page around the table: style for light and dark, and a script that sorts and filters what is there."""

from __future__ import annotations

from string import Template

__all__ = ["PAGE"]

# The policy forbids every fetch: a report opened from a mail or an artifact reaches for nothing.
PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>memguard</title>
<style>
:root { color-scheme: light dark; --edge: #d0d7de; --fail: #cf222e; --open: #9a6700; --shade: #f6f8fa; }
@media (prefers-color-scheme: dark) {
 :root { --edge: #3d444d; --fail: #ff7b72; --open: #d29922; --shade: #151b23; }
}
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; }
dt { font-weight: 600; }
dd { margin: 0; overflow-wrap: anywhere; }
form { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--edge); padding: .25rem .6rem; text-align: left; vertical-align: top; }
th { background: var(--shade); position: sticky; top: 0; }
th button { all: unset; cursor: pointer; white-space: nowrap; }
th button:focus-visible { outline: 2px solid; }
th[aria-sort=ascending] button::after { content: " \\2191"; }
th[aria-sort=descending] button::after { content: " \\2193"; }
td:first-child { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
td.number { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; }
td:last-child { white-space: nowrap; }
tr[data-verdict=fail] td:last-child { color: var(--fail); font-weight: 600; }
tr:not([data-verdict=pass], [data-verdict=fail]) td:last-child { color: var(--open); }
pre { background: var(--shade); overflow-x: auto; padding: .5rem; }
figure { margin: .5rem 0 1rem; }
figure ul { display: flex; flex-wrap: wrap; gap: 0 1.5rem; list-style: none; margin: 0; padding: 0; }
svg { background: var(--shade); display: block; height: 9rem; width: 100%; }
polyline {
 fill: none; stroke: currentColor; stroke-linecap: round; stroke-width: 2; vector-effect: non-scaling-stroke;
}
.curve0 { color: #2f81f7; } .curve1 { color: #d9730d; } .curve2 { color: #2da44e; } .curve3 { color: #cf222e; }
.curve4 { color: #8250df; } .curve5 { color: #9a6700; } .curve6 { color: #bf3989; } .curve7 { color: #57606a; }
</style>
</head>
<body>
<h1>memguard</h1>
<p>$counts</p>
<dl>$environment</dl>
$remedies
<form>
<input type="search" placeholder="test, probe or metric" aria-label="search">
$filters</form>
<table>
<thead><tr>$header</tr></thead>
<tbody>
$rows
</tbody>
</table>
$timelines
<script>
"use strict";
const form = document.querySelector("form"), body = document.querySelector("tbody");
function filter() {
  const kept = new Set([...form.querySelectorAll("input:checked")].map(box => box.value));
  const wanted = form.querySelector("input[type=search]").value.toLowerCase();
  for (const row of body.rows) {
    const text = [...row.cells].slice(0, 3).map(cell => cell.textContent).join(" ").toLowerCase();
    row.hidden = !kept.has(row.dataset.verdict) || !text.includes(wanted);
  }
}
function sortBy(column, sign) {
  const key = row => row.cells[column].dataset.sort ?? row.cells[column].textContent;
  const isNumeric = body.rows[0]?.cells[column].dataset.sort !== undefined;
  const compare = (a, b) => {
    if (!isNumeric) return sign * a.localeCompare(b);
    if (a === "" || b === "") return (a === "") - (b === "");
    return sign * (a - b);
  };
  body.append(...[...body.rows].sort((a, b) => compare(key(a), key(b))));
}
document.querySelectorAll("th").forEach((head, column) => head.addEventListener("click", () => {
  const isAscending = head.getAttribute("aria-sort") !== "ascending";
  document.querySelectorAll("th").forEach(other => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", isAscending ? "ascending" : "descending");
  sortBy(column, isAscending ? 1 : -1);
}));
form.addEventListener("input", filter);
form.addEventListener("submit", event => event.preventDefault());
filter();
</script>
</body>
</html>
""")
