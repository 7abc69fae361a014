"""``python -m reference_platform serve``."""

import sys

from reference_platform.command_line import main

sys.exit(main(sys.argv[1:]))
