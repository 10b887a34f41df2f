# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Local clouds: real OpenStack services on loopback, run by an ordinary user.

Two clouds with a Keystone each and three regions with different image upload capabilities, for the
integration tests and the demonstration. ``python -m tests.support.local_clouds --help`` from the repository root;
docs/local-clouds.md describes what they are and are not.

Everything but the ``runtime`` package needs the standard library only; ``runtime`` is what runs inside
the virtual environment of the services.
"""
