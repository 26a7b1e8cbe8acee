"""`python -m deploy.compose.kobling WORDS…`: the command line, as the installation's administrator."""

import os
import sys

from deploy.compose.places import administrator

if __name__ == "__main__":
    os.execvpe("kobling", ["kobling", *sys.argv[1:]], {**os.environ, **administrator()})  # noqa: S606, S607 (our own)
