# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as one HTML page, which loads nothing and runs nothing.

Names are other people's text: the environment escapes whatever the template shows, and the page's own policy forbids
scripts, requests and every style but the one that it has.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.text import printable
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.report.sums import Report

LONGEST_TEXT = 300
"""Characters of a value that are shown. The other formats have all of them."""
MOST_ROWS = 15
"""Bars of one diagram, and quotas."""
MOST_RESOURCES = 200
"""Resources that differ, and Locations."""
MOST_LOCATIONS = 10
"""Names of Locations in a row."""
DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{20,116}\b")
"""A digest, and as many of its digits as are shown."""

STYLE = """
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--fg:#1b1f24;--dim:#59636e;--line:#d9dee4;--track:#e9edf1;
--bar:#2f6f4f;--bad:#b3261e;--warn:#8a5a00}
@media (prefers-color-scheme:dark){:root{--bg:#101316;--card:#181c20;--fg:#e6e8ea;--dim:#9aa5b1;--line:#30373e;
--track:#262c32;--bar:#5fb58a;--bad:#ff8a80;--warn:#e3b341}}
@media print{:root{color-scheme:light;--bg:#fff;--card:#fff;--fg:#000;--dim:#444;--line:#999;--track:#eee;
--bar:#2f6f4f;--bad:#b3261e;--warn:#8a5a00}tr,.tile,.place{break-inside:avoid}svg{print-color-adjust:exact}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1.2rem 1rem;background:var(--bg);color:var(--fg);
font:16px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.25;margin:0}
h2{font-size:1.05rem;margin:0 0 .5rem}
p{margin:.15rem 0}
.dim{color:var(--dim);font-size:.875rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.75rem;margin:1rem 0}
.tile,section{background:var(--card);border:1px solid var(--line);border-radius:.5rem}
.tile{padding:.6rem .9rem;line-height:1.3}
.tile b{display:block;font-size:1.7rem;font-variant-numeric:tabular-nums}
section{padding:.8rem .9rem;margin:0 0 .75rem}
.counts{columns:2 24rem;column-gap:.75rem;margin-bottom:.75rem}
.counts section{break-inside:avoid;margin:0}
.counts section+section{margin-top:.75rem}
table{width:100%;border-collapse:collapse;table-layout:fixed}
th,td{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0}
th{font-weight:400}
thead th{color:var(--dim);font-size:.875rem}
tr>:last-child{padding-right:0}
.rows tbody tr{border-top:1px solid var(--line)}
.rows th,.rows td{padding-top:.35rem;padding-bottom:.35rem}
.rows thead th{padding-top:0}
.bars th{width:40%}
.bars .n{width:4.5rem}
.name{width:24%}
.missing{width:18%}
.number{width:21%}
.left{width:14%}
.n{text-align:right;font-variant-numeric:tabular-nums}
svg{display:block;width:100%;height:.7rem;margin-top:.4rem;fill:var(--bar)}
.track{fill:var(--track)}
svg.bad{fill:var(--bad)}
svg.warn{fill:var(--warn)}
.bad{color:var(--bad);font-weight:700}
.warn{color:var(--warn);font-weight:700}
.places{columns:3 18rem;column-gap:2rem}
.place{break-inside:avoid;display:flex;justify-content:space-between;gap:.6rem;
border-top:1px solid var(--line);padding:.3rem 0}
.place .n{flex:none}
@media (max-width:40rem){.rows thead{display:none}
.rows tr,.bars tr{display:grid;grid-template-columns:minmax(0,1fr) auto;column-gap:.6rem;padding:.35rem 0}
.rows th,.rows td,.bars th,.bars td{width:auto;padding:.05rem 0;grid-column:1/-1}
.bars tr{padding:.15rem 0}.bars th,.limits th,.limits .kind{grid-column:1}
.bars .n,.limits .number,.limits .left{grid-column:2;width:auto;max-width:11.5rem}
.limits .left{order:1}.limits .kind{order:2}.limits .number{order:3}.share{order:4}svg{margin:.15rem 0 .2rem}
.rows .missing::before{content:"Missing: "}}
"""

TEMPLATE = """\
{%- macro bar(share, mark='') -%}
<svg{% if mark %} class="{{ mark }}"{% endif %} viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
<rect class="track" width="100" height="1"/><rect width="{{ [share, 100] | min | round(1) }}" height="1"/></svg>
{%- endmacro -%}
{%- macro more(all, shown) -%}
{% if all > shown %}<p class="dim">{{ number(all - shown) }} more
{{ 'is' if all - shown == 1 else 'are' }} not shown.</p>{% endif %}
{%- endmacro -%}
{%- macro number(value) -%}
{{ '{:,}'.format(value) if value is number else value }}
{%- endmacro -%}
{%- macro bars(group, counts) -%}
{% set top = [counts | map(attribute='count') | max | default(0), 1] | max %}
<section><h2>Servers by {{ group }}</h2>
{% if counts %}
<table class="bars"><tbody>
{% for row in counts[:most_rows] %}
{% set mark = 'bad' if group == 'status' and row.name == 'ERROR' else '' %}
<tr><th scope="row"{% if mark %} class="{{ mark }}"{% endif %}><bdi>{{ row.name }}</bdi></th>
<td class="share">{{ bar(row.count * 100 / top, mark) }}</td>
<td class="n">{{ number(row.count) }}</td></tr>
{% endfor %}
</tbody></table>
{{ more(counts | length, most_rows) }}
{% else %}
<p>None.</p>
{% endif %}
</section>
{% endmacro -%}
{%- macro tile(count, one, many, mark) -%}
<div class="tile"><b{% if mark and count %} class="{{ mark }}"{% endif %}>{{ number(count) }}</b>
{{- one if count == 1 else many }}</div>
{%- endmacro -%}
{%- macro nothing(otherwise) -%}
<p>{{ 'Nothing is known, because every Location failed.' if unknown else otherwise }}</p>
{%- endmacro -%}
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{{ report.title }}, {{ report.date }}</title>
<style>{{ style }}</style>
</head>
<body>
<h1><bdi>{{ report.title }}</bdi></h1>
<p class="dim">{{ report.date }}</p>
<div class="tiles">
{% if report.servers is not none %}{{ tile(report.servers.total, 'server', 'servers', '') }}{% endif %}
{{ tile(report.locations | length, 'Location', 'Locations', '') }}
{{ tile(failed, 'Location failed', 'Locations failed', 'bad') }}
{% if report.drift is not none %}{{ tile(differing, 'resource differs', 'resources differ', 'warn') }}
{% endif %}
{% if report.quotas is not none %}{{ tile(nearly | length, 'quota used to 90\u00a0% or more',
'quotas used to 90\u00a0% or more', 'warn') }}{% endif %}
</div>
<main>
{% if report.failures %}
<section><h2>Failures</h2>
<p class="dim">What these Locations have is missing below.</p>
<table class="rows"><thead><tr><th class="name">Location</th><th class="missing">Missing</th><th>Error</th></tr></thead>
<tbody>
{% for failure in report.failures %}
<tr><th scope="row" class="bad"><bdi>{{ failure.location }}</bdi></th>
<td class="missing">{{ failure.contents | join(', ') }}</td>
<td><bdi>{{ failure.error }}</bdi> <span class="dim">({{ failure.kind }}) <bdi>{{ failure.hint }}</bdi></span></td></tr>
{% endfor %}
</tbody></table></section>
{% endif %}
{% if report.servers is not none %}
{% if report.servers.total %}
<div class="counts">
{% for group, counts in report.servers.groups %}{{ bars(group, counts) }}{% endfor %}
</div>
{% else %}
<section><h2>Servers</h2>{{ nothing('None were found.') }}</section>
{% endif %}
{% endif %}
{% if report.drift is not none %}
<section><h2>Differences between Locations</h2>
{% if report.drift %}
<table class="rows"><thead><tr><th class="name">Resource</th><th>What differs, and where</th></tr></thead><tbody>
{% for resource in report.drift[:most_resources] %}
<tr><th scope="row"><bdi>{{ 'all' if resource.name is none else resource.name }}</bdi>
<p class="dim">{{ resource.type }}</p></th><td>
{% for finding in resource.findings %}
<p><span class="{{ 'bad' if finding.status == 'missing' else 'warn' }}">{{ finding.status }}</span>
{#- #}<bdi>{{ finding.text[finding.status | length:] | digests_cut }}</bdi>
<span class="dim">at {% for name in finding.locations[:most_locations] %}<bdi>{{ name }}</bdi>
{%- if not loop.last %}, {% endif %}{% endfor %}
{%- if finding.locations | length > most_locations %} and {{ finding.locations | length - most_locations }} more
{%- endif %}</span></p>
{% endfor %}
</td></tr>
{% endfor %}
</tbody></table>
{{ more(report.drift | length, most_resources) }}
{% else %}
{{ nothing('None were found.') }}
{% endif %}
</section>
{% endif %}
{% if report.quotas is not none %}
<section><h2>Quotas that are used most</h2>
{% if limited %}
<table class="rows limits"><thead><tr><th class="name">Location</th><th class="name">Quota</th><th>Used</th>
<th class="number n">Used / limit</th><th class="left n">Left</th></tr></thead><tbody>
{% for quota in limited[:most_rows] %}
{% set mark = 'bad' if quota.used >= quota.limit else 'warn' if quota.share >= nearly_from else '' %}
<tr><th scope="row"><bdi>{{ quota.location }}</bdi></th>
<td class="kind">{{ quota.service }} <bdi>{{ quota.name }}</bdi></td>
<td class="share">{{ bar(quota.share, mark) }}</td>
<td class="number n">{{ number(quota.used) }} / {{ number(quota.limit) }}</td>
<td class="left n"><span{% if mark %} class="{{ mark }}"{% endif %}>{{ number(quota.free) }} left</span></td></tr>
{% endfor %}
</tbody></table>
{% else %}
{{ nothing('Nothing is used of any quota that has a limit.') }}
{% endif %}
{% if report.quotas %}
<p class="dim">{{ report.quotas | rejectattr('limit', 'none') | list | length }} of {{ report.quotas | length }}
quotas have a limit, and something is used of {{ limited | length }} of these.</p>
{% endif %}
</section>
{% endif %}
<section><h2>Locations</h2>
<div class="places">
{% for place in report.locations[:most_resources] %}
<div class="place"><bdi>{{ place.name }}</bdi>
{% if place.failed %}<span class="n bad">failed</span>
{% elif place.servers is not none %}<span class="n dim">{{ number(place.servers) }}
{{- ' server' if place.servers == 1 else ' servers' }}</span>{% endif %}
</div>
{% endfor %}
</div>
{{ more(report.locations | length, most_resources) }}
</section>
</main>
</body>
</html>
"""

NEARLY = 90
"""Percent of a quota from which on it counts as nearly used up."""


def as_html(report: Report) -> str:
    """The report as a page of its own: no script, no request, dark and light, from phones to paper."""
    import jinja2
    from markupsafe import Markup

    def shown(value: Any) -> Any:
        if not isinstance(value, str) or isinstance(value, Markup):
            return value
        return printable(value[:LONGEST_TEXT]) + ("…" if len(value) > LONGEST_TEXT else "")

    environment = jinja2.Environment(
        autoescape=True,
        finalize=shown,
        lstrip_blocks=True,
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["digests_cut"] = lambda text: DIGEST.sub(r"\1…", text)
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    limited = [quota for quota in report.quotas or () if quota.share]
    return environment.from_string(TEMPLATE).render(
        report=report,
        limited=limited,
        differing=sum(resource.name is not None for resource in report.drift or ()),
        failed=sum(place.failed for place in report.locations),
        unknown=bool(report.locations) and all(place.failed for place in report.locations),
        nearly_from=NEARLY,
        nearly=[quota for quota in limited if quota.share >= NEARLY],
        most_rows=MOST_ROWS,
        most_resources=MOST_RESOURCES,
        most_locations=MOST_LOCATIONS,
        policy=Markup(policy),  # noqa: S704 - ours alone
        style=Markup(STYLE),  # noqa: S704 - ours alone
    )
