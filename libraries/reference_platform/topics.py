"""What a message is about: the label of the first rule whose words are all in its beginning."""

from __future__ import annotations

import re

GENERAL = "general"
"""Anything that no rule knows."""
LOOKED_AT = 400
"""So many characters of a content decide on its topic."""

RULES = (
    ("top_performers_regional", "performer", ("top performers?", "regions?")),
    ("team_collaboration_sales", "team", ("sales", "team")),
    ("sales_dashboard_creation", "dashboard", ("sales", "dashboard")),
    ("sales_monitoring_alerts", "alert", ("sales", "alert")),
    ("scheduled_sales_reports", "schedule", ("sales", "schedule", "reports?")),
    ("export_sales_analysis", "export", ("sales", "export")),
    ("regional_sales_breakdown", "region", ("sales", "regions?")),
    ("sales_comparison_q2_q3", "compare", ("sales", "compare", "q2", "q3")),
    ("sales_analysis_q3_2024", "2024", ("sales", "q3", "2024")),
    ("sales_analysis", "analy", ("sales", "analy[sz]e|analysis")),
)
"""Label, its rarest letters, and all its words; the more special ones first. Letter case does not matter."""

_RULES = tuple((label, rare, [re.compile(rf"\b(?:{word})\b").search for word in words]) for label, rare, words in RULES)


def topic_of(content: str) -> str:
    """The label of a content."""
    text = content[:LOOKED_AT].lower()
    if "sales" not in text and "top performer" not in text:  # nearly all traffic: no rule can match
        return GENERAL
    for label, rare, words in _RULES:
        if rare in text and all(found(text) for found in words):
            return label
    return GENERAL
