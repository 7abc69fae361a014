*** Settings ***
Documentation    Whoever comes back finds the conversation as it was, and is told openly where that is not possible.
