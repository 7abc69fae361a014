"""A Locust user with a WebSocket: sends BENCH_WINDOW messages, reads as many replies, checks their order, tells Locust of each."""

import json
import os
import time

from locust import User, task
from websocket import create_connection

WINDOW = int(os.environ["BENCH_WINDOW"])
CONTENT = "0001 of the load: a question as long as those of the other contenders"


class Asking(User):
    def on_start(self):
        self.socket = create_connection(self.host)
        self.socket.recv()
        self.prefix, self.sent = os.urandom(4).hex(), 0

    @task
    def ask(self):
        left = []
        for number in range(self.sent, self.sent + WINDOW):
            left.append(time.perf_counter())
            self.socket.send(json.dumps({"type": "user_message", "message_id": f"{self.prefix}.{number}", "sequence_id": number,
                                         "content": CONTENT, "timestamp": time.time(), "attempt": 1}))
        for number in range(self.sent, self.sent + WINDOW):
            reply = self.socket.recv()
            wrong = json.loads(reply)["message_id"] != f"{self.prefix}.{number}"
            self.environment.events.request.fire(
                request_type="WS", name="ask", response_time=(time.perf_counter() - left[number - self.sent]) * 1e3, response_length=len(reply),
                exception=RuntimeError("the reply belongs to another message") if wrong else None, context={},
            )
        self.sent += WINDOW
