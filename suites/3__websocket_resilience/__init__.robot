*** Settings ***
Documentation    Connections end: in tunnels, in lifts, when a laptop changes its network. What users have said and what they were
...              told must survive it, and nobody else may notice.

Test Tags        websocket-resilience

Name             WebSocket Resilience
