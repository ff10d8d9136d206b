"""`python -m usher` is the `usher` command."""

from __future__ import annotations

import sys

from usher._entry import main

sys.exit(main())
