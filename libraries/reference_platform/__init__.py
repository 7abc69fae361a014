"""A correct WebSocket platform that runs agents, as a process of its own: ``python -m reference_platform serve``.

It exists to be tested against: what it promises it keeps, and every rule it keeps sits behind one of the ports in
:mod:`reference_platform.policies`, so that a defect or a quirk is one small subclass. It knows nothing of the test kit.
"""
