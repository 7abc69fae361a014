*** Settings ***
Documentation    A user moves from one network to another. The old connection cannot survive that; the session must.
