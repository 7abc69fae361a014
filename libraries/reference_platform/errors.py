"""What goes wrong before or while serving, told in one sentence."""


class PlatformError(Exception):
    """The platform cannot start or go on; the text is the one line that the user reads."""


class AgentFailedError(Exception):
    """An agent could not handle a message: it is answered with ``processing_failed`` and nothing was changed."""
