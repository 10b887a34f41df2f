# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limit of whoever sends a file and has to know its digests: what `curl` and `digests` do, both at once.

`curl_digests.py NAME FILE CLOUD/REGION...` prints how many images became active.
"""

from __future__ import annotations

import sys
from threading import Thread

from tests.bench.clients import curl, digests

if __name__ == "__main__":
    thread = Thread(target=digests.compute, args=(sys.argv[2],))
    thread.start()
    sent = curl.main(sys.argv[1], sys.argv[2], sys.argv[3:])
    thread.join()
    print(sent)
