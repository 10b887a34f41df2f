#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: volume_info
short_description: List the volumes of all your clouds
version_added: 1.0.0
description:
  - Lists the volumes of every selected Location in parallel and merges them into one list, sorted by Location, then name.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._doors.list
  - oaktree.multicloud._doors.find
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
seealso:
  - module: oaktree.multicloud.volume
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: List the volumes of all clouds
  oaktree.multicloud.volume_info:
  register: found

- name: List how large a volume is, wherever there is one of this name
  oaktree.multicloud.volume_info:
    name: data
    fields: [size, status]
  register: sizes

- name: List the volumes that no server has
  oaktree.multicloud.volume_info:
    filters: {status: available}
    query: '[].{name: name, size: size, where: location.name, since: created_at}'
  register: unused
"""

RETURN = r"""
volumes:
  description:
    - Those of all Locations, sorted by Location, then name. With O(query), the result of the expression.
    - Every key that O(fields) keeps is always present, and null if the cloud does not report it.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    attachments:
      description:
        - Instance attachment information. If this volume is attached to a server instance, the attachments list includes the UUID of the
          attached server, an attachment UUID, the name of the attached host, if any, the volume UUID, the device, and the device UUID.
          Otherwise, this list is empty.
      type: list
      elements: dict
      sample: [{server_id: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1, device: /dev/vdb}]
    availability_zone: {description: The availability zone., type: str, sample: nova}
    backup_id:
      description:
        - To create a volume from an existing backup, specify the ID of the existing volume backup. (since 3.47).
      type: str
      sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
    cluster_name: {description: The cluster name of volume backend. (since 3.61)., type: str, sample: ceph@rbd}
    consistency_group_id: {description: ID of the consistency group., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    consumes_quota:
      description:
        - Whether this resource consumes quota or not. Resources that not counted for quota usage are usually temporary internal resources
          created to perform an operation. (since 3.65).
      type: bool
      sample: true
    created_at: {description: The timestamp of this volume creation., type: str, sample: '2026-03-14T09:26:53Z'}
    description: {description: The text for people., type: str, sample: managed by Ansible}
    encryption_key_id:
      description:
        - The UUID of the encryption key. Only included for encrypted volumes. (since 3.64).
      type: str
      sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
    extended_replication_status: {description: Extended replication status on this volume., type: str, sample: disabled}
    group_id:
      description:
        - The ID of the group that the volume belongs to. (since 3.13).
      type: str
      sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
    host: {description: The volume's current back-end., type: str, sample: node1@rbd#rbd}
    id: {description: The ID., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    image_id:
      description:
        - The ID of the image from which you want to create the volume. Required to create a bootable volume.
      type: str
      sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
    is_bootable:
      description:
        - Enables or disables the bootable attribute. You can boot an instance from a bootable volume.
      type: bool
      sample: true
    is_encrypted: {description: 'True if this volume is encrypted, False if not.', type: bool, sample: true}
    is_multiattach: {description: Whether volume will be sharable or not., type: bool, sample: true}
    metadata: {description: The metadata., type: dict, sample: {role: web}}
    migration_id:
      description:
        - The volume ID that this volume's name on the back-end is based on.
      type: str
      sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
    migration_status:
      description:
        - The status of this volume's migration (None means that a migration is not currently in progress).
      type: str
      sample: success
    name: {description: The name., type: str, sample: web}
    project_id: {description: The ID of the project that owns it., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    properties: {description: What the service says that has no attribute of its own., type: dict, sample: {}}
    provider_id: {description: The provider ID for the volume. (since 3.21)., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    replication_driver_data: {description: Data set by the replication driver., type: str, sample: ''}
    replication_status: {description: Status of replication on this volume., type: str, sample: disabled}
    scheduler_hints: {description: Scheduler hints for the volume., type: dict, sample: {}}
    service_uuid:
      description:
        - A unique identifier that's used to indicate what node the volume-service for a particular volume is being serviced by. (since
          3.48).
      type: str
      sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
    shared_targets:
      description:
        - An indicator whether the host connecting the volume should lock for the whole attach/detach process or not. true means only is
          iSCSI initiator running on host doesn't support manual scans, false means never use locks, and null means to always use locks.
          Look at os-brick's guard_connection context manager. Default=True. (since 3.48).
      type: bool
      sample: true
    size: {description: 'The size of the volume, in gibibytes (GiB).', type: int, sample: 1}
    snapshot_id:
      description:
        - To create a volume from an existing snapshot, specify the ID of the existing volume snapshot. If specified, the volume is created
          in same availability zone and with same size of the snapshot.
      type: str
      sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
    source_volume_id:
      description:
        - To create a volume from an existing volume, specify the ID of the existing volume. If specified, the volume is created with same
          size of the source volume.
      type: str
      sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
    status:
      description:
        - 'One of the following values: creating, available, attaching, in-use deleting, error, error_deleting, backing-up,
          restoring-backup, error_restoring. For details on these statuses, see the Block Storage API documentation.'
      type: str
      sample: available
    updated_at: {description: The date and time when the resource was updated., type: str, sample: '2026-03-14T09:26:53Z'}
    user_id: {description: The user ID associated with the volume., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    volume_image_metadata: {description: One or more metadata key and value pairs about image., type: dict, sample: {image_name: fedora-43}}
    volume_type: {description: The name of the associated volume type., type: str, sample: ssd}
    volume_type_id:
      description:
        - The associated volume type ID for the volume. (since 3.61).
      type: str
      sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
locations:
  description: Statistics of each Location that was tried.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    offered:
      description:
        - Whether the Location offers such resources. V(false) where it does not have the service, or the service does
          not know the type; null where the Location failed.
      type: bool
      sample: true
    count: {description: Number of resources that the Location contributed., type: int, sample: 12}
    seconds: {description: Duration in seconds., type: float, sample: 0.412}
    requests: {description: "Number of requests sent, token and discovery included.", type: int, sample: 2}
failures:
  description: The Locations that failed.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: beta/east/demo, cloud: beta, region: east, zone: null}}
    error: {description: What happened., type: str, sample: not finished within timeout (60 s)}
    kind:
      description: >-
        One of config, auth, unreachable, timeout, throttled, quota, refused, conflict, integrity, server, input,
        internal.
      type: str
      sample: timeout
    hint: {description: What you can do about it., type: str, sample: "Check that the cloud answers."}
"""

from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.doors import (
    ListDoor,
    run_list_door,
)

DOOR = ListDoor("block_storage.volume", "volumes")


def main() -> None:
    run_list_door(DOOR)


if __name__ == "__main__":
    main()
