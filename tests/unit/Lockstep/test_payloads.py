"""Payload files: what the kit brings along is right, and what others write is told when it is not."""

import pytest

from Lockstep.errors import UsageError
from Lockstep.payloads import Conversation, Coordination, read_payload

LABELS = [
    "sales_analysis", "sales_analysis_q3_2024", "sales_comparison_q2_q3", "regional_sales_breakdown", "top_performers_regional",
    "export_sales_analysis", "scheduled_sales_reports", "sales_monitoring_alerts", "sales_dashboard_creation", "team_collaboration_sales",
]


def test_the_sales_conversation_has_ten_messages_and_ends_with_the_last():
    said = read_payload("sales_conversation", Conversation)
    assert [message.label for message in said.messages] == LABELS
    assert [message.final for message in said.messages] == [False] * 9 + [True]


def test_a_round_of_the_customer_dashboard_gives_two_three_and_two_messages():
    tasks = read_payload("customer_dashboard", Coordination).messages
    named = [agent for task in tasks for agent in task.agents]
    assert {agent: named.count(agent) for agent in named} == {"data": 2, "analysis": 3, "reporting": 2}
    assert [task.key for task in tasks] == ["customer_data", "customer_segments", "segment_metrics", "segment_report", "dashboard_export"]


def test_a_payload_of_another_kind_is_told():
    with pytest.raises(UsageError, match=r"sales_conversation\.yaml: unknown key 'messages\.0\.label'\. Allowed here: agents, content, key$"):
        read_payload("sales_conversation", Coordination)
