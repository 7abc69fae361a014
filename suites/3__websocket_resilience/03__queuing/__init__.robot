*** Settings ***
Documentation    Agents go on working while a user is away. What they have to say waits, and nothing of it is lost without a word.
