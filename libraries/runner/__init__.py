"""The runner: command line, run folder, one pabot call with its ordering file, progress, verdict and exit code.

It starts what the other rooms do and judges nothing itself: tests judge in Robot, the verdict comes from ``final_review``.
"""
