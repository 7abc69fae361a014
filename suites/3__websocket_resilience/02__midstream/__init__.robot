*** Settings ***
Documentation    An answer is on its way when the connection ends. Whoever comes back gets the rest of it: nothing twice, nothing
...              missing.
