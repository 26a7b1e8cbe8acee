"""`python -m kobling`: the same as the command `kobling`."""

import sys

from kobling.cli import main

sys.exit(main())
