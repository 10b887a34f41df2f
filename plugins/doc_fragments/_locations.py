# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that select clouds and Locations; they mirror ``target_spec`` of ``_run.module``.

The main fragment serves modules and plugins. ``READ`` adds the options of modules that only read, ``WRITE`` those of
modules that change anything.
"""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  clouds_yaml:
    description:
      - Path of a C(clouds.yaml). A C(secure.yaml) in the same directory is merged in.
      - If this and O(clouds_config) are omitted, the standard search path of openstacksdk applies. The file that the environment
        variable E(OS_CLIENT_CONFIG_FILE) names comes first in it.
      - Mutually exclusive with O(clouds_config).
    type: path
  clouds_config:
    description:
      - The content of a C(clouds.yaml) as a dictionary with the key C(clouds), for credentials that are stored in Ansible Vault or in
        an AWX credential. Vendor profiles are supported. No file and no environment variable is read.
      - May also be text in YAML or JSON, as surveys and environment variables hold it.
    type: raw
  api_timeout:
    description:
      - Seconds that one request may take to connect, and seconds that the connection may then be silent.
      - Overrides C(api_timeout) in C(clouds.yaml). The default is 30 seconds.
    type: float
  concurrency:
    description:
      - How many Locations to process in parallel.
    type: int
    default: 100
  token_cache:
    description:
      - Whether to share tokens, discovery documents, and lists that are requested at the same time with other tasks, plays and
        processes.
      - They are stored in private files below E(XDG_CACHE_HOME), by default C(~/.cache), or in the back end that the section C(cache)
        of C(clouds.yaml) names. Consecutive tasks, and any number of concurrent ones, need one token for each cloud and project.
      - A token that a cloud rejects is replaced, and tokens are renewed before they expire. Set this to V(false) if nothing may be
        stored.
    type: bool
    default: true
  rate_limit:
    description:
      - Maximum number of requests per second to each service of a Location, for all tasks and processes of the user on this machine
        together. Keystone serves all regions of a cloud and has one limit for each cloud.
      - Overrides the C(rate_limit) keys of C(clouds.yaml). By default there is no limit.
      - With a whole number, a service never receives more requests than this within any second.
    type: float
  request_concurrency:
    description:
      - Maximum number of concurrent requests to each service of a Location, for all tasks and processes of the user on this machine
        together.
      - Overrides the C(concurrency) keys of C(clouds.yaml). By default there is no limit.
    type: int
requirements:
  - Python >= 3.11
  - openstacksdk >= 4.0.0
  - keystoneauth1 >= 5.8.0
"""

    READ = r"""
options:
  locations:
    description:
      - The Locations to read from, as a list of patterns C(cloud[/region[/project]]). Each part is a shell-style glob; a cloud
        alone means all its regions, and V(!pattern) excludes Locations that other patterns select.
      - A pattern that matches nothing is an error that lists what exists.
      - The project part is matched against the name and the ID of the project in C(clouds.yaml). The region V(-) selects a cloud that is
        configured without regions. In names, C(%2F) stands for a slash, and C(%2A) and the like for characters that are special in globs.
      - A Location may also be given as the C(location) of any returned record. Its C(name) is the pattern that selects exactly it.
      - May be a list, text with commas or line breaks, or JSON text, as in V(alpha, beta/east).
      - If omitted, all Locations, or those of the cloud that the environment variable E(OS_CLOUD) names. With O(clouds_config), the variable
        is ignored.
    type: raw
  timeout:
    description:
      - Seconds for all work on one Location. A Location that takes longer fails; the others do not wait for it.
    type: float
    default: 60.0
  on_failure:
    description:
      - How a failed Location affects the task. Every Location is always tried, and the results of all of them are returned.
      - V(fail) fails the task after all Locations are done.
      - V(warn) lets the task succeed, with one warning for each failed Location, unless all of them failed.
    type: str
    choices: [fail, warn]
    default: fail
"""

    WRITE = r"""
options:
  locations:
    description:
      - The Locations to change, as a list of patterns C(cloud[/region[/project]]). Each part is a shell-style glob; a cloud
        alone means all its regions, and V(!pattern) excludes Locations that other patterns select.
      - A pattern that matches nothing is an error that lists what exists.
      - The project part is matched against the name and the ID of the project in C(clouds.yaml). The region V(-) selects a cloud that is
        configured without regions. In names, C(%2F) stands for a slash, and C(%2A) and the like for characters that are special in globs.
      - A Location may also be given as the C(location) of any returned record. Its C(name) is the pattern that selects exactly it.
      - May be a list, text with commas or line breaks, or JSON text, as in V(alpha, beta/east).
      - Required, so that an omitted option never changes every cloud. V(*) selects all Locations. The environment variable E(OS_CLOUD)
        does not satisfy it.
    type: raw
    required: true
  timeout:
    description:
      - Seconds for the work on one Location, not counting work that has a timeout of its own. A Location that takes longer fails; the
        others do not wait for it.
    type: float
    default: 300.0
  on_failure:
    description:
      - How a failed Location affects the task. Every Location is always tried, and the results of all of them are returned.
      - V(fail) fails the task after all Locations are done.
      - V(warn) lets the task succeed, with one warning for each failed Location, unless all of them failed.
    type: str
    choices: [fail, warn]
    default: fail
"""
