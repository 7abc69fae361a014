*** Settings ***
Documentation    The platform asks each client again and again whether it is still there, and answers when it is asked itself.
