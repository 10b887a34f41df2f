# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""openstacksdk as it is, a thread per region, each server as plain JSON types."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from openstack.config import OpenStackConfig
from openstack.config.cloud_region import CloudRegion
from openstack.connection import Connection


def count(region: CloudRegion) -> int:
    """Return how many servers a region has."""
    connection = Connection(config=region)
    return len([server.to_dict() for server in connection.compute.servers()])


def main() -> int:
    """Return how many servers all regions of all clouds in clouds.yaml have."""
    regions = OpenStackConfig().get_all()
    with ThreadPoolExecutor(len(regions)) as pool:
        return sum(pool.map(count, regions))


if __name__ == "__main__":
    print(main())
