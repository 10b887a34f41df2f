# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: report
short_description: Make a report of all your clouds
version_added: 1.0.0
description:
  - Makes a report of the servers by cloud, region, flavor, status and age, of what differs between Locations, of the quotas and what is
    left of them, and of the Locations that failed.
  - The same input gives the same bytes. Ages are counted in days of UTC, up to O(date).
  - What clouds report is shown as text. Control characters, HTML, Markdown, templates and formulas in names have no effect.
  - The role P(oaktree.multicloud.report#role) collects the input and writes the files.
positional: date, format
options:
  _input:
    description:
      - The results of modules, as a dictionary. C(servers) is the result of M(oaktree.multicloud.server_info), C(drift) that of
        M(oaktree.multicloud.drift_info), and C(quotas) that of M(oaktree.multicloud.quota_info), all without their C(query).
      - The report has what is given. A result of a task that was skipped counts as not given.
      - Of servers, the keys C(created_at), C(flavor) and C(status) are used.
    type: dict
    required: true
  date:
    description:
      - The day of the report, such as V(2026-11-26).
    type: str
    required: true
  format:
    description:
      - V(html) is one page that loads nothing and has no script. It shows the 15 largest figures of each kind.
      - V(json) has all figures, V(markdown) tables of them, and V(csv) one row for each, for a spreadsheet.
    type: str
    choices: [html, json, csv, markdown]
    default: html
  title:
    description:
      - The heading of the report.
    type: str
    default: Clouds
extends_documentation_fragment:
  - oaktree.multicloud._guides.report
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - plugin: oaktree.multicloud.table
    plugin_type: filter
"""

EXAMPLES = r"""
- name: List what a report needs of the servers of all clouds, even if some are down
  oaktree.multicloud.server_info:
    fields: [created_at, flavor, status]
    on_failure: warn
  register: servers

- name: Write a page about them
  ansible.builtin.copy:
    content: "{{ {'servers': servers} | oaktree.multicloud.report(now(utc=true, fmt='%Y-%m-%d')) }}"
    dest: "{{ playbook_dir }}/servers.html"
    mode: "0644"

- name: List the quotas
  oaktree.multicloud.quota_info:
    on_failure: warn
  register: quotas

- name: Count the servers in ERROR
  ansible.builtin.debug:
    msg: "{{ report.servers.by_status | selectattr('name', 'eq', 'ERROR') | sum(attribute='count') }}"
  vars:
    report: "{{ {'servers': servers, 'quotas': quotas} | oaktree.multicloud.report('2026-11-26', 'json') | from_json }}"
"""

RETURN = r"""
_value:
  description: The report, as text for a file. See O(format).
  type: str
  sample: "<!doctype html>..."
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.options import plain
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.report import formats


def report(value: Any, date: Any, format: str = "html", title: str = "Clouds") -> str:  # noqa: A002 - the option's name
    """Return the report as text; see the documentation above."""
    try:
        return formats.report(plain(value), str(date), str(format), str(title))
    except InputError as error:
        raise AnsibleFilterError(error.summary) from None


class FilterModule:
    """Ansible's interface to `plugin_utils.report`."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"report": report}
