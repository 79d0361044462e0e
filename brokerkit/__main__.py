"""`python -m brokerkit`."""

import sys

from brokerkit.cli import main

if __name__ == "__main__":
    sys.exit(main())
