*** Settings ***
Documentation    The service is updated, dies, or is replaced by another instance. Whoever was there finds everything again, soon.
