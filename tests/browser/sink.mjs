// A mail server on a free loopback port that takes every letter and delivers none. It stands in for the company's own.
import { createServer } from "node:net";

/**
 * @typedef {object} Sink
 * @property {number} port
 * @property {string[]} letters as they came over the wire
 * @property {() => void} stop
 */

/** @returns {Promise<Sink>} */
export async function sink() {
  /** @type {string[]} */
  const letters = [];
  const server = createServer((socket) => {
    let got = "", inside = false;
    const say = (/** @type {string} */ line) => { socket.write(line + "\r\n"); };
    say("220 sink.example ESMTP");
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes) => {
      got += bytes.toString("latin1");
      for (;;) {
        const end = inside ? "\r\n.\r\n" : "\r\n", at = got.indexOf(end);
        if (at < 0) return;
        const part = got.slice(0, at);
        got = got.slice(at + end.length);
        if (inside) {
          letters.push(part);
          inside = false;
          say("250 kept");
          continue;
        }
        inside = /^DATA/i.test(part);
        say(/^EHLO/i.test(part) ? "250 sink.example" : inside ? "354 go on" : /^QUIT/i.test(part) ? "221 bye" : "250 ok");
      }
    });
  });
  await new Promise((ready) => { server.listen(0, "127.0.0.1", () => ready(undefined)); });
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.unref();
  return { port, letters, stop: () => { server.close(); } };
}
