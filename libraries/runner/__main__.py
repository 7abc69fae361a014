"""``python -m runner``: what ``run.py`` hands over to once the environment is there."""

import sys

from runner.command_line import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
