// An echo server on Node's ws, as its documentation shows it. Prints {"port": N}, ends when its input closes.
const { WebSocketServer } = require("ws");

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, path: "/ws" }, () => {
  console.log(JSON.stringify({ port: server.address().port, version: require("ws/package.json").version }));
});
server.on("connection", (connection) => {
  connection.on("error", () => {}); // told by a close
  connection.on("message", (data, isBinary) => connection.send(data, { binary: isBinary }));
});
process.stdin.on("end", () => process.exit(0)).resume();
