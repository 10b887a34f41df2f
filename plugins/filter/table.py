# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: table
short_description: Show records as a table
version_added: 1.0.0
description:
  - Makes a table of the records that the modules of this collection return, or of any list of dictionaries.
  - If there are no records, it says so below the header; in CSV, the header stands alone. Without O(columns), there is no header.
  - What clouds report is shown as text. Control characters, HTML, Markdown and formulas in names have no effect.
positional: columns
options:
  _input:
    description:
      - A list of records, or the result of a module, of which the records are taken.
    type: raw
    required: true
  columns:
    description:
      - The columns, as a list of JMESPath expressions or a single one, or as a dictionary of headers and expressions.
      - If omitted, the columns depend on the kind of record. For other dictionaries than those of this collection, they are the keys of
        the first one. With V(text), those that are empty in every record are left out.
    type: raw
  format:
    description:
      - V(text) returns a list of lines with aligned columns, for M(ansible.builtin.debug). Digests of more than 32 digits are cut to 12.
      - V(markdown) and V(csv) return one text, for a file.
    type: str
    choices: [text, markdown, csv]
    default: text
  merge:
    description:
      - The header of a column, such as V(location). Records that are alike in all other columns share a row, which lists what they have in
        this one. The rows are then sorted by the other columns.
    type: str
extends_documentation_fragment:
  - oaktree.multicloud._guides.tables
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: List the servers of all clouds
  oaktree.multicloud.server_info:
  register: everywhere

- name: Show them
  ansible.builtin.debug:
    msg: "{{ everywhere | oaktree.multicloud.table }}"

- name: List the flavors
  oaktree.multicloud.flavor_info:
  register: flavors

- name: Show name and memory of each server
  ansible.builtin.debug:
    msg: "{{ everywhere.servers | oaktree.multicloud.table({'server': 'name', 'MiB': 'flavor.ram'}) }}"

- name: Show where each flavor is the same
  ansible.builtin.debug:
    msg: "{{ flavors | oaktree.multicloud.table(['name', 'vcpus', 'ram', 'location'], merge='location') }}"

- name: Write a list for a spreadsheet
  ansible.builtin.copy:
    content: "{{ everywhere.servers | oaktree.multicloud.table(['location', 'name', 'created_at'], format='csv') }}"
    dest: "{{ playbook_dir }}/servers.csv"
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The table, as a list of lines or as text. See O(format).
  type: raw
  sample:
    - "LOCATION          NAME   STATUS"
    - "alpha/north/demo  web-1  ACTIVE"
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.plugin_utils import table as tables
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.options import plain


def table(
    value: Any,
    columns: Any = None,
    format: str = "text",  # noqa: A002 - the option's name
    merge: str | None = None,
) -> list[str] | str:
    """Return the records as a table; see the documentation above."""
    try:
        return tables.table(plain(value), plain(columns), format, merge)
    except InputError as error:
        raise AnsibleFilterError(error.summary) from None


class FilterModule:
    """Ansible's interface to `plugin_utils.table`."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"table": table}
