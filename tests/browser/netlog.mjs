// Reads the browser's log of its network (--log-net-log): to which addresses did it send anything? Each event is a
// line of its own; a browser that was stopped leaves the last one unfinished.
import { createReadStream, existsSync } from "node:fs";
import { createInterface } from "node:readline";

const local = /^(127\.\d+\.\d+\.\d+|\[::1\]):\d+$/;

/**
 * @param {string} file
 * @returns {Promise<{ seen: number, strangers: string[] }>} how many connections there were, and addresses that are
 *   not this machine's
 */
export async function strangers(file) {
  /** @type {Record<string, number>} */
  let types = {};
  let seen = 0;
  /** @type {Set<string>} */
  const found = new Set();
  /** @type {Map<number, string>} */
  const udp = new Map();
  if (!existsSync(file)) return { seen, strangers: [] };
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const constants = /"logEventTypes":(\{[^}]*\})/.exec(line);
    if (constants) types = JSON.parse(/** @type {string} */ (constants[1]));
    if (!line.startsWith("{\"params\"") && !line.includes("\"source\"")) continue;
    /** @type {{ type: number, params?: { address?: string, byte_count?: number }, source?: { id: number } }} */
    let e;
    try { e = JSON.parse(line.replace(/,$/, "")); } catch { continue; }
    const address = e.params?.address ?? "", id = e.source?.id ?? 0;
    if (e.type === types.TCP_CONNECT_ATTEMPT && address) {
      seen++;
      if (!local.test(address)) found.add(`${address} over TCP`);
    }
    // Connecting a UDP socket sends nothing; it only asks the system for a way.
    if (e.type === types.UDP_CONNECT && address) udp.set(id, address);
    if (e.type === types.UDP_BYTES_SENT) {
      const to = address || udp.get(id) || "an unknown address";
      if (!local.test(to)) found.add(`${to} over UDP`);
    }
  }
  return { seen, strangers: [...found] };
}
