"""What a message is about: the label of the first rule whose words all begin a word in its beginning."""

from __future__ import annotations

GENERAL = "general"
"""Anything that no rule knows."""
LOOKED_AT = 400
"""So many characters of a content decide on its topic."""

RULES = (
    ("top_performers_regional", "performer top region"),
    ("team_collaboration_sales", "team sales"),
    ("sales_dashboard_creation", "dashboard sales"),
    ("sales_monitoring_alerts", "alert sales"),
    ("scheduled_sales_reports", "schedule sales report"),
    ("export_sales_analysis", "export sales"),
    ("regional_sales_breakdown", "region sales"),
    ("sales_comparison_q2_q3", "compare sales q2 q3"),
    ("sales_analysis_q3_2024", "2024 sales q3"),
    ("sales_analysis", "analy sales"),
)
"""Label and beginnings of words, the rarest one first; the more special rules first. Letter case does not matter."""

_RULES = tuple((words.split()[0], label, [f" {word}" for word in words.split()]) for label, words in RULES)
_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_")
_WORDS_APART = bytes(byte if byte in _LETTERS else 32 for byte in range(256))


def topic_of(content: str) -> str:
    """The label of a content."""
    beginning = content[:LOOKED_AT].lower()
    if "sales" not in beginning and "performer" not in beginning:  # nearly all traffic: no rule can match
        return GENERAL
    text = ""
    for rare, label, words in _RULES:
        if rare in beginning:
            text = text or " " + beginning.encode().translate(_WORDS_APART).decode()
            if all(map(text.__contains__, words)):
                return label
    return GENERAL
