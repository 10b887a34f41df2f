# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collections are loaded as Ansible loads them from here on: pytest-ansible comes after the conftests further down."""

from __future__ import annotations

from pytest_ansible.units import inject_only

inject_only()
