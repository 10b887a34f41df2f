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
from typing import Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.text import printable
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.report.sums import Report

LONGEST_TEXT = 300
"""Characters of a value that are shown. The other formats have all of them."""
MOST_ROWS = 15
"""Bars of one diagram, and quotas."""
MOST_RESOURCES = 200
"""Resources that differ."""
MOST_LOCATIONS = 10
"""Names of Locations in a row."""

STYLE = """
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#59636e;--line:#d5dae0;--bar:#2f6f4f;--bad:#b3261e;
--warn:#8a5a00}
@media (prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e6e8ea;--dim:#9aa5b1;--line:#333a40;--bar:#5fb58a;
--bad:#ff8a80;--warn:#e3b341}}
@media print{:root{color-scheme:light;--bg:#fff;--fg:#000;--dim:#444;--line:#999;--bar:#2f6f4f;--bad:#b3261e;
--warn:#8a5a00}tr,.tile,.bars{break-inside:avoid}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1rem;background:var(--bg);color:var(--fg);
font:16px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;margin:.2rem 0}
h2{font-size:1.05rem;margin:0 0 .5rem}
p{margin:.3rem 0}
.dim{color:var(--dim);font-size:.9rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.6rem;margin:1rem 0}
.tile{border:1px solid var(--line);border-radius:.5rem;padding:.6rem .8rem}
.tile b{display:block;font-size:1.6rem;font-variant-numeric:tabular-nums}
main{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1rem}
section{border:1px solid var(--line);border-radius:.5rem;padding:.8rem;min-width:0}
.wide{grid-column:1/-1}
table{width:100%;border-collapse:collapse}
th,td{text-align:left;vertical-align:top;padding:.15rem .5rem .15rem 0}
th{font-weight:400}
thead th{color:var(--dim);font-size:.9rem}
.rows tbody tr{border-top:1px solid var(--line)}
.bars{table-layout:fixed}
.bars th{width:40%}
.share{width:30%}
.n{text-align:right;white-space:nowrap;padding-right:0;font-variant-numeric:tabular-nums}
.bars .n{width:4.5rem}
svg{display:block;width:100%;min-width:3rem;height:.9rem;margin-top:.25rem;fill:var(--bar)}
.bad{color:var(--bad);font-weight:700}
.warn{color:var(--warn);font-weight:700}
@media (max-width:40rem){.rows thead{display:none}.rows tr{display:block;padding:.3rem 0}
.rows th,.rows td{display:block;width:auto;padding:0}.rows .n{text-align:left}}
"""

TEMPLATE = """\
{%- macro bar(share) -%}
<svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
<rect width="{{ [share, 100] | min | round(1) }}" height="1"/></svg>
{%- endmacro -%}
{%- macro more(all, shown) -%}
{% if all > shown %}<p class="dim">{{ all - shown }} more are not shown.</p>{% endif %}
{%- endmacro -%}
{%- macro bars(title, counts) -%}
{% set top = [counts | map(attribute='count') | max | default(0), 1] | max %}
<section><h2>{{ title }}</h2>
{% if not counts %}<p>None.</p>{% endif %}
<table class="bars"><tbody>
{% for row in counts[:most_rows] %}
<tr><th scope="row"><bdi>{{ row.name }}</bdi></th><td>{{ bar(row.count * 100 / top) }}</td>
<td class="n">{{ row.count }}</td></tr>
{% endfor %}
</tbody></table>
{{ more(counts | length, most_rows) }}
</section>
{% endmacro -%}
{%- macro tile(number, what, mark) -%}
<div class="tile"><b{% if mark and number %} class="{{ mark }}"{% endif %}>{{ number }}</b>{{ what }}</div>
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
{% if report.servers is not none %}{{ tile(report.servers.total, 'servers', '') }}{% endif %}
{{ tile(report.locations | length, 'Locations', '') }}
{{ tile(report.locations | selectattr('failed') | list | length, 'Locations failed', 'bad') }}
{% if report.drift is not none %}{{ tile(report.drift | length, 'resources differ', 'warn') }}{% endif %}
{% if report.quotas is not none %}{{ tile(nearly | length, 'quotas used up to 90 % or more', 'warn') }}{% endif %}
</div>
<main>
{% if report.failures %}
<section class="wide"><h2>Failures</h2>
<p class="dim">What these Locations have is missing below.</p>
<table class="rows"><thead><tr><th>Location</th><th>Missing</th><th>Error</th></tr></thead><tbody>
{% for failure in report.failures %}
<tr><th scope="row" class="bad"><bdi>{{ failure.location }}</bdi></th><td>{{ failure.contents | join(', ') }}</td>
<td><bdi>{{ failure.error }}</bdi> <span class="dim">({{ failure.kind }}) <bdi>{{ failure.hint }}</bdi></span></td></tr>
{% endfor %}
</tbody></table></section>
{% endif %}
{% if report.servers is not none %}
{% for group, counts in report.servers.groups %}{{ bars('Servers by ' ~ group, counts) }}{% endfor %}
{% endif %}
{% if report.drift is not none %}
<section class="wide"><h2>Differences between Locations</h2>
{% if report.drift %}
<table class="rows"><thead><tr><th>Resource</th><th>What differs, and where</th></tr></thead><tbody>
{% for resource in report.drift[:most_resources] %}
<tr><th scope="row"><bdi>{{ 'all' if resource.name is none else resource.name }}</bdi>
<span class="dim">{{ resource.type }}</span></th><td>
{% for finding in resource.findings %}
<p><span class="{{ 'bad' if finding.status == 'missing' else 'warn' }}"><bdi>{{ finding.text }}</bdi></span>
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
<p>None were found.</p>
{% endif %}
</section>
{% endif %}
{% if report.quotas is not none %}
<section class="wide"><h2>Quotas that are used most</h2>
{% if limited %}
<table class="rows"><thead><tr><th>Location</th><th>Quota</th><th>Used</th><th class="n">Used / limit</th>
<th class="n">Left</th></tr></thead><tbody>
{% for quota in limited[:most_rows] %}
<tr><th scope="row"><bdi>{{ quota.location }}</bdi></th><td>{{ quota.service }} <bdi>{{ quota.name }}</bdi></td>
<td class="share">{{ bar(quota.percent) }}</td>
<td class="n">{{ quota.used }} / {{ quota.limit }}</td>
<td class="n"><span{% if quota.percent >= 90 %} class="warn"{% endif %}>{{ quota.free }} left</span></td></tr>
{% endfor %}
</tbody></table>
{% else %}
<p>Nothing is used of any quota that has a limit.</p>
{% endif %}
<p class="dim">{{ report.quotas | rejectattr('limit', 'none') | list | length }} of {{ report.quotas | length }}
quotas have a limit, and something is used of {{ limited | length }} of these.</p>
</section>
{% endif %}
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
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    limited = [quota for quota in report.quotas or () if quota.percent]
    return environment.from_string(TEMPLATE).render(
        report=report,
        limited=limited,
        nearly=[quota for quota in limited if (quota.percent or 0) >= NEARLY],
        most_rows=MOST_ROWS,
        most_resources=MOST_RESOURCES,
        most_locations=MOST_LOCATIONS,
        policy=Markup(policy),  # noqa: S704 - ours alone
        style=Markup(STYLE),  # noqa: S704 - ours alone
    )
