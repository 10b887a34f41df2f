# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs inside the virtual environment of the services: the stock services, started in our way.

``python -m tests.support.local_clouds.runtime SERVICE PLACE...`` imports a service once and forks a server for each
place. All that a server needs is in its one process: SQLite files, messaging in memory, a dictionary for memcached.
"""
