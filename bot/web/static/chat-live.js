/* The WebSocket: what happens elsewhere, shown here; after an interruption everything missed is fetched. */

import { channel, find, strings } from "./chat-page.js";
import { fetchMessage, markUnread, position, refreshAll, refreshEntry, removeMessage, setPosition } from "./chat-messages.js";
import { closeThread, openThreadId, refreshThread } from "./chat-thread.js";

const state = find("#state");
let failures = 0;
let retry = 0;
let work = Promise.resolve();

/* One thing after another, so that a slow answer never overwrites a newer one. */
function inTurn(job) {
  work = work.then(job).catch(() => null);
  return work;
}

async function everything() {
  await refreshAll();
  if (openThreadId()) await refreshThread();
}

const handlers = {
  async posted({ channel_id, message_id, thread_of }) {
    if (channel_id !== channel) return markUnread(channel_id, message_id);
    if (!thread_of) return fetchMessage(message_id, { isNew: true });
    await fetchMessage(thread_of);
    return openThreadId() === thread_of ? refreshThread() : undefined;
  },
  async changed({ channel_id, message_id, thread_of }) {
    if (channel_id !== channel) return;
    if (!thread_of) await fetchMessage(message_id);
    if ([message_id, thread_of].includes(openThreadId())) await refreshThread();
  },
  async deleted({ channel_id, message_id, thread_of }) {
    if (channel_id !== channel) return;
    if (openThreadId() === message_id) closeThread();
    removeMessage(message_id);
    if (thread_of) await fetchMessage(thread_of);
    if (thread_of && openThreadId() === thread_of) await refreshThread();
  },
  async entry({ entry_id }) {
    await refreshEntry(entry_id);
    if (openThreadId() && find(`#side [data-entry="${CSS.escape(entry_id)}"]`)) await refreshThread();
  },
  refresh: everything,
};

async function hear(event) {
  if (event.kind) await handlers[event.kind]?.(event);
  else if (event.at !== position()) await everything();
  setPosition(event.at);
}

function connect() {
  clearTimeout(retry);
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
  socket.addEventListener("open", () => { failures = 0; state.textContent = ""; document.body.dataset.live = "1"; });
  socket.addEventListener("message", (message) => inTurn(() => hear(JSON.parse(message.data))));
  socket.addEventListener("close", () => {
    delete document.body.dataset.live;
    if (failures) state.textContent = strings.offline;
    const pause = Math.min(4000, 250 * 2 ** failures) * (0.5 + Math.random() / 2); // the server is this very machine
    failures += 1;
    retry = setTimeout(connect, pause);
  });
}

export function startLive() {
  connect();
  addEventListener("online", () => { if (!document.body.dataset.live) connect(); });
  addEventListener("pageshow", (event) => event.persisted && inTurn(everything));
}
