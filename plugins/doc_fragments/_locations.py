# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that say which clouds and Locations; they mirror ``_runner.target_spec``.

The main fragment serves modules and plugins; ``READ`` and ``WRITE`` add what modules that read and modules that
change anything have on top of it.
"""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  clouds_yaml:
    description:
      - Path of a C(clouds.yaml). A C(secure.yaml) beside it is merged in.
      - Without this and O(clouds_config) the standard search path of openstacksdk is used, with the file that the environment
        variable E(OS_CLIENT_CONFIG_FILE) names first.
      - Mutually exclusive with O(clouds_config).
    type: path
  clouds_config:
    description:
      - The content of a C(clouds.yaml) as a dictionary with the key C(clouds), for credentials that are kept in Ansible Vault or in
        an AWX credential. Vendor profiles work; no file and no environment variable is read.
    type: dict
  api_timeout:
    description:
      - Seconds that one request may take to connect and, again, may stay silent.
      - Wins over C(api_timeout) in C(clouds.yaml). Without both it is 30 seconds.
    type: float
  concurrency:
    description:
      - Number of Locations that are worked on at once.
    type: int
    default: 100
  token_cache:
    description:
      - Whether tokens, what the clouds announce about their services, and lists that are asked for at the same time are shared
        with other tasks, plays and processes.
      - They are kept in private files below E(XDG_CACHE_HOME), by default C(~/.cache), or where the section C(cache) of
        C(clouds.yaml) says. So tasks in a row, and any number of them at once, need one token for each cloud and project.
      - A token that a cloud refuses is replaced, and old ones are renewed in time. Switch it off where nothing may be kept.
    type: bool
    default: true
  rate_limit:
    description:
      - Requests per second to each service of a Location, for all tasks and processes of the user on this machine together.
        Keystone, which serves all regions of a cloud, counts once for each cloud.
      - Wins over the C(rate_limit) keys of C(clouds.yaml). Without both there is no limit.
      - With a whole number, a service never sees more requests than this within any second.
    type: float
  request_concurrency:
    description:
      - Requests under way at the same time to each service of a Location, for all tasks and processes of the user on this machine
        together.
      - Wins over the C(concurrency) keys of C(clouds.yaml). Without both there is no limit.
    type: int
requirements:
  - openstacksdk >= 4.0.0
  - keystoneauth1 >= 5.8.0
"""

    READ = r"""
options:
  locations:
    description:
      - The Locations to read from, as a list of patterns C(cloud[/region[/project]]). Each part is a shell-style glob; a cloud
        alone means all its regions, and V(!pattern) takes away what others select.
      - A pattern that matches nothing is an error that lists what exists.
      - The project part is compared with the project that C(clouds.yaml) names, by name and by ID.
    type: list
    elements: str
    default: ["*"]
  timeout:
    description:
      - Seconds for the whole work on one Location. A Location that takes longer has failed; the others do not wait for it.
    type: float
    default: 60.0
  on_failure:
    description:
      - What a failed Location means. Every Location is tried in any case, and the results of all of them are returned.
      - V(fail) fails the task once all Locations are done.
      - V(warn) lets the task succeed with one warning for each failed Location.
    type: str
    choices: [fail, warn]
    default: fail
"""

    WRITE = r"""
options:
  locations:
    description:
      - The Locations to change, as a list of patterns C(cloud[/region[/project]]). Each part is a shell-style glob; a cloud
        alone means all its regions, and V(!pattern) takes away what others select.
      - A pattern that matches nothing is an error that lists what exists.
      - The project part is compared with the project that C(clouds.yaml) names, by name and by ID.
      - Required, so that nobody writes to every cloud by leaving an option out. Write V(*) to mean all.
    type: list
    elements: str
    required: true
  timeout:
    description:
      - Seconds for the work on one Location, less what has a clock of its own. A Location that takes longer has failed; the others
        do not wait for it.
    type: float
    default: 300.0
  on_failure:
    description:
      - What a failed Location means. Every Location is tried in any case, and the results of all of them are returned.
      - V(fail) fails the task once all Locations are done.
      - V(warn) lets the task succeed with one warning for each failed Location.
    type: str
    choices: [fail, warn]
    default: fail
"""
