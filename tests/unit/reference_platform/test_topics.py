"""What the platform takes a content for."""

from __future__ import annotations

import pytest

from reference_platform.topics import topic_of


@pytest.mark.parametrize(
    ("content", "label"),
    [
        ("Analyze our sales data", "sales_analysis"),
        ("Focus the analysis on sales in Q3 2024", "sales_analysis_q3_2024"),
        ("Compare sales of Q2 with Q3", "sales_comparison_q2_q3"),
        ("Break the sales down by region", "regional_sales_breakdown"),
        ("Who are the top performers in each region?", "top_performers_regional"),
        ("Export this sales analysis", "export_sales_analysis"),
        ("Schedule these sales reports every Monday", "scheduled_sales_reports"),
        ("Alert me when sales drop", "sales_monitoring_alerts"),
        ("Create a dashboard of sales", "sales_dashboard_creation"),
        ("Share the sales work with the team", "team_collaboration_sales"),
    ],
)
def test_a_topic_is_known_in_any_case_and_with_something_behind_it(content, label):
    assert topic_of(content) == topic_of(content.upper()) == topic_of(f"{content} [alice-3f02]") == topic_of(f"{content}\nplease") == label


@pytest.mark.parametrize("content", ["", "hello", "sales", "the team", "wholesales analysis", "Who are the top performers?", "x" * 400 + " analyze sales"])
def test_anything_else_is_general(content):
    assert topic_of(content) == "general"
