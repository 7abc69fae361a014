*** Settings ***
Documentation    A connection that comes and goes, many times in a few seconds, leaves nothing behind in the server.
