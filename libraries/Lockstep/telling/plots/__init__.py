"""Pictures of load phases for log.html: inline SVG with a table beside it, no script, no file to lose."""

from .load_picture import load_picture

__all__ = ["load_picture"]
