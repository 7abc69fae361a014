"""What a message is about: the label of the first rule whose words are all in its beginning."""

from __future__ import annotations

import re

GENERAL = "general"
"""Anything that no rule knows."""
LOOKED_AT = 400
"""So many characters of a content decide on its topic."""

RULES = (
    ("top_performers_regional", ("top performers?", "regions?")),
    ("team_collaboration_sales", ("sales", "team")),
    ("sales_dashboard_creation", ("sales", "dashboard")),
    ("sales_monitoring_alerts", ("sales", "alert")),
    ("scheduled_sales_reports", ("sales", "schedule", "reports?")),
    ("export_sales_analysis", ("sales", "export")),
    ("regional_sales_breakdown", ("sales", "regions?")),
    ("sales_comparison_q2_q3", ("sales", "compare", "q2", "q3")),
    ("sales_analysis_q3_2024", ("sales", "q3", "2024")),
    ("sales_analysis", ("sales", "analy[sz]e|analysis")),
)
"""Label and words, the more special ones first; letter case does not matter."""

_SOME_RULE = re.compile("|".join(
    "".join(rf"(?=.*\b(?:{word})\b)" for word in words) + f"(?P<{label}>)" for label, words in RULES
), re.DOTALL)  # fmt: skip


def topic_of(content: str) -> str:
    """The label of a content."""
    text = content[:LOOKED_AT].lower()
    if "sales" not in text and "top performer" not in text:  # nearly all traffic: no rule can match
        return GENERAL
    found = _SOME_RULE.match(text)
    return found.lastgroup or GENERAL if found else GENERAL
