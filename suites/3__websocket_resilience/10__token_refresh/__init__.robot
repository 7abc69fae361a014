*** Settings ***
Documentation    Tokens end, conversations need not: whoever gets a new token in time goes on as if nothing had been.
