"""A client of which a test writes and reads each frame."""

from __future__ import annotations

import socket

PING, CLOSE, TEXT = 0x89, 0x88, 0x81
GUARD = 20
"""Seconds in which something must come; less than the 30 s after which a ping comes by itself."""


class Raw:
    """A client that answers no ping and no close unless told."""

    def __init__(self, platform, name="alice", **account):
        host, port = platform.ready["websocket_url"][5:-3].split(":")
        token = platform.account(name, **account)["token"]  # first: a connection that says nothing for a while is closed
        self.socket = socket.create_connection((host, int(port)), timeout=GUARD)
        self.socket.sendall((
            f"GET /ws?token={token} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode())  # fmt: skip
        self.stream = self.socket.makefile("rb")
        while (line := self.stream.readline()) != b"\r\n":
            assert line, "closed before the handshake was over"
        assert self.frame()[0] == TEXT

    def frame(self):
        """First byte and payload of the next frame."""
        first, size = self.stream.read(2)
        if size == 126:
            size = int.from_bytes(self.stream.read(2), "big")
        return first, self.stream.read(size)

    def send(self, first, payload):
        self.socket.sendall(bytes((first, 0x80 | len(payload))) + b"\0\0\0\0" + payload)
