*** Settings ***
Documentation    Acceptance tests for a WebSocket platform that runs AI agents.
...
...              Every test talks to a real server over a real connection. Whatever is sent is accounted for exactly:
...              answered once, refused openly, or found to be lost. The last suite compares what was measured with
...              the agreed limits.

Name             Lockstep
