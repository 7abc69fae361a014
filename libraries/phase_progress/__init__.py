"""How far long phases are. The process that works replaces a small file each second, and whoever looks on reads it.

Both the keyword library and the runner import this room; it imports neither, and nothing but the standard library.
"""

from .files import FOLDER, read, remove, write
from .progress import STALE, Progress, number
from .terminal import is_terminal

__all__ = ["FOLDER", "STALE", "Progress", "is_terminal", "number", "read", "remove", "write"]
