/* The thread beside the channel: a panel, or a sheet from below on a phone. */

import { find, onClick, piece } from "./chat-page.js";
import { showAnswer } from "./chat-answers.js";

const side = find("#side");
const app = find("#app");

let openId = 0;
let cameFrom = null;

export const openThreadId = () => openId;

export async function openThread(id) {
  if (openId === Number(id)) return find("textarea", side)?.focus();
  const { ok, element } = await piece(`/chat/messages/${id}/thread`);
  if (!ok) return element && showAnswer(element);
  if (!openId) cameFrom = document.activeElement;
  openId = Number(id);
  side.replaceChildren(element);
  side.hidden = false;
  app.classList.add("with-thread");
  find(".scroll", side).scrollTop = find(".scroll", side).scrollHeight;
  return find("textarea", side).focus();
}

export function closeThread() {
  if (!openId) return false;
  const id = openId;
  openId = 0;
  side.hidden = true;
  side.replaceChildren();
  app.classList.remove("with-thread");
  (cameFrom?.isConnected ? cameFrom : find(`#m${id}`) ?? find("#command")).focus({ preventScroll: true });
  return true;
}

/* Show the thread as it is now; what is being written below it stays. */
export async function refreshThread() {
  const id = openId;
  const { ok, element, status } = await piece(`/chat/messages/${id}/thread`);
  if (openId !== id) return;
  if (status === 404) closeThread();
  if (!ok) return;
  const scroller = find(".scroll", side);
  const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
  const hadFocus = scroller.contains(document.activeElement);
  scroller.replaceChildren(...find(".scroll", element).childNodes);
  if (hadFocus) scroller.focus();
  if (atEnd) scroller.scrollTop = scroller.scrollHeight;
}

export function startThread() {
  onClick("close-thread", closeThread);
  onClick("thread", (target) => target.matches("button") && openThread(target.dataset.thread));
}
