*** Settings ***
Documentation    One user types faster than the agent answers: order, repetition, overload, memory.

Test Tags        rapid-message-succession
