*** Settings ***
Documentation    Whatever a client sends, by mistake or on purpose, is refused and harms nobody: not the server, not its other
...              users, and as far as it can be helped not even the client itself.
