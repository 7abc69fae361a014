"""The Final Review: what a run has proven about a target, as one page for people and one document for programs."""

from __future__ import annotations

from .errors import InputError
from .making import Document, check, make, make_proof
from .proof_page import ProofPage

__all__ = ["Document", "InputError", "ProofPage", "check", "make", "make_proof"]
