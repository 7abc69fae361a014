// A ticket desk: a WebSocket server that knows nothing of Lockstep. Prints {"port": N} when it listens, ends when its input closes.
const { createServer } = require("node:http");
const { randomUUID } = require("node:crypto");
const { WebSocketServer } = require("ws");

const token = process.env.DESK_TOKEN;
const users = new Map(); // name -> { tickets, lastSeq, seen }

function userOf(request) {
  const name = request.headers["x-desk-user"] ?? "nobody";
  if (!users.has(name)) users.set(name, { tickets: 0, lastSeq: null, seen: new Set() });
  return users.get(name);
}

function chat(user, message) {
  const { id, seq = null, text } = message;
  if (typeof id !== "string") return { type: "error", code: "INVALID" };
  if (typeof text !== "string") return { type: "error", code: "INVALID", in_reply_to: id };
  if (user.seen.has(id)) return { type: "error", code: "DUPLICATE", in_reply_to: id };
  user.seen.add(id);
  user.tickets += 1;
  user.lastSeq = seq;
  return { type: "answer", in_reply_to: id, seq, heard: text, text: `Ticket ${user.tickets} is open.` };
}

function answer(user, data) {
  let message;
  try {
    message = JSON.parse(data);
  } catch {
    return { type: "error", code: "NOT_JSON" };
  }
  if (message?.type === "chat") return chat(user, message);
  if (message?.type === "status") {
    return { type: "status", ref: message.ref, tickets: user.tickets, last_seq: user.lastSeq, waiting: 0 };
  }
  return { type: "error", code: "UNKNOWN" };
}

const http = createServer((_request, response) => response.writeHead(404).end());
const desk = new WebSocketServer({ noServer: true, maxPayload: 256 * 1024 });

http.on("upgrade", (request, socket, head) => {
  if (request.headers.authorization !== `Bearer ${token}`) {
    socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    return;
  }
  desk.handleUpgrade(request, socket, head, (connection) => {
    const user = userOf(request);
    connection.send(JSON.stringify({ type: "welcome", session_id: randomUUID() }));
    connection.on("message", (data) => connection.send(JSON.stringify(answer(user, data))));
    connection.on("error", () => connection.terminate());
  });
});

http.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: http.address().port })));
process.stdin.on("end", () => process.exit(0)).resume();
