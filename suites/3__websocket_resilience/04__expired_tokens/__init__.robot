*** Settings ***
Documentation    Who may speak: tokens that are over, forged, or shown too often stay outside, and nobody else notices.
