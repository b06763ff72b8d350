/* The channel's messages: put in order, replaced, taken away, loaded further back, jumped to. */

import { announce, channel, channelAddress, find, findAll, json, onClick, persona, piece, strings, toast } from "./chat-page.js";

const scroller = find("#scroll");
const older = find("#older");
const newer = find("#newer");
const readMark = (id) => `paperboy:read:${persona}:${id}`;

let list = find("#messages");
let loadingOlder = false;

const idOf = (element) => Number(element.dataset.id);
const messages = () => findAll(":scope > .message", list);

/* --- order ------------------------------------------------------------------------------------------------------ */

function drawDays() {
  for (const line of findAll(":scope > .day", list)) line.remove();
  let day = "";
  for (const message of messages()) {
    if (message.dataset.day === day) continue;
    day = message.dataset.day;
    const line = document.createElement("div");
    const label = document.createElement("span");
    line.className = "day";
    line.setAttribute("role", "separator");
    label.textContent = message.dataset.dayLabel;
    line.append(label);
    message.before(line);
  }
}

/* Private answers stay where they were given: once something new comes, they are part of what was before it. */
function settleAnswers() {
  const given = findAll("#answers > .answer");
  if (!given.length) return;
  const focused = document.activeElement;
  const after = messages().at(-1);
  for (const answer of given) answer.dataset.after = after?.dataset.id ?? "0";
  list.append(...given);
  if (given.some((answer) => answer.contains(focused))) focused.focus({ preventScroll: true });
}

/* Settled answers, put back into a list that was fetched anew. */
function restoreAnswers(settled) {
  for (const answer of settled) {
    const next = messages().find((message) => idOf(message) > Number(answer.dataset.after));
    if (next) next.before(answer);
    else list.append(answer);
  }
  if (settled.length) drawDays();
}

export function insertInOrder(place, element) {
  const old = find(`:scope > [data-id="${element.dataset.id}"]`, place);
  if (old) return swap(old, element);
  const next = findAll(":scope > .message", place).find((other) => idOf(other) > idOf(element));
  if (next) next.before(element);
  else place.append(element);
}

/* Replace a message, keeping what was opened in it and where the keyboard is. */
function swap(old, element) {
  for (const open of findAll(".more:not([hidden])", old)) {
    const more = find(`#${open.id}`, element);
    if (!more) continue;
    more.hidden = false;
    find(`[data-toggle="${open.id}"]`, element)?.setAttribute("aria-expanded", "true");
  }
  if (old.isEqualNode(element)) return;
  const focused = old.contains(document.activeElement) ? keyOf(document.activeElement) : null;
  old.replaceWith(element);
  if (focused) (focused === "self" ? element : find(focused, element) ?? element).focus({ preventScroll: true });
}

function keyOf(element) {
  const known = Object.entries(element.dataset);
  if (element.classList.contains("message") || !known.length) return "self";
  const name = (key) => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return known.map(([key, value]) => `[data-${name(key)}="${CSS.escape(value)}"]`).join("");
}

/* --- what happens ----------------------------------------------------------------------------------------------- */

export const isNearBottom = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 160;

export function scrollToBottom() {
  scroller.scrollTop = scroller.scrollHeight;
}

/* A message as it is now, fetched: put in, or replaced where it stands. */
export async function fetchMessage(id, { isNew = false } = {}) {
  if (!isNew && !find(`#m${id}`)) return;
  const { ok, element, status } = await piece(`/chat/messages/${id}`);
  if (ok) show(element, isNew);
  else if (status === 404) removeMessage(id);
}

function show(element, isNew) {
  const known = find(`#${element.id}`, list);
  const follow = isNearBottom();
  const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 4;
  if (!known && !messages().some((message) => idOf(message) > idOf(element))) settleAnswers();
  insertInOrder(list, element);
  if (known) return atEnd && scrollToBottom();
  drawDays();
  return isNew && notice(element, follow);
}

function notice(element, follow) {
  const title = find(".title, .masthead h2, .written, .note", element);
  announce(`${strings.newPost}: ${title?.textContent.trim() ?? ""}`);
  if (element.dataset.author === persona || follow) {
    keepUp(element);
    markRead();
  } else {
    newer.hidden = false;
  }
}

/* Follow what comes in, but never push the head of a digest out of sight. */
function keepUp(element) {
  const head = findAll(":scope > .is-header, :scope > .is-list", list).filter(isInSight).at(-1);
  const room = scroller.clientHeight * 0.9;
  const overflows = head && head !== element && head.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING
    && element.dataset.author === "paperboy" && element.getBoundingClientRect().bottom - head.getBoundingClientRect().top > room;
  if (overflows) newer.hidden = isNearBottom();
  else scrollToBottom();
}

function isInSight(element) {
  const { top, bottom } = scroller.getBoundingClientRect();
  const place = element.getBoundingClientRect();
  return place.bottom > top && place.top < bottom;
}

export function removeMessage(id) {
  find(`#m${id}`)?.remove();
  find(`#r${id}`)?.remove();
  drawDays();
}

export async function refreshEntry(entryId) {
  const shown = messages().filter((message) => message.dataset.entry === entryId);
  await Promise.all(shown.map((message) => fetchMessage(idOf(message))));
}

/* The first message in sight, and where it stands; to be put back there when others come or go. */
function anchor() {
  const top = scroller.getBoundingClientRect().top;
  const first = messages().find((message) => message.getBoundingClientRect().bottom > top);
  return first && { id: first.id, top: first.getBoundingClientRect().top };
}

function restore(spot) {
  const message = spot && find(`#${spot.id}`, list);
  if (message) scroller.scrollTop += message.getBoundingClientRect().top - spot.top;
}

/* --- all anew, and further back --------------------------------------------------------------------------------- */

export async function loadSince(id) {
  const { ok, element } = await piece(`${channelAddress}/messages?since=${id}`);
  if (!ok) return;
  const open = new Set(findAll(".more:not([hidden])", list).map((more) => more.id));
  const stay = isNearBottom() ? null : anchor();
  const settled = findAll(":scope > .answer", list);
  list.replaceWith(element);
  list = element;
  restoreAnswers(settled);
  for (const more of findAll(".more", list)) {
    if (!open.has(more.id)) continue;
    more.hidden = false;
    find(`[data-toggle="${more.id}"]`, list)?.setAttribute("aria-expanded", "true");
  }
  if (stay) restore(stay);
  else scrollToBottom();
  showBeginning();
}

export function refreshAll() {
  const oldest = messages()[0];
  return loadSince(oldest ? idOf(oldest) : 0);
}

export const position = () => list.dataset.position;
export const setPosition = (mark) => { list.dataset.position = mark; };

async function loadOlder() {
  const oldest = messages()[0];
  if (loadingOlder || !oldest || !list.dataset.more) return;
  loadingOlder = true;
  try {
    const { ok, element } = await piece(`${channelAddress}/messages?before=${idOf(oldest)}`);
    if (!ok) return;
    const stay = anchor();
    list.prepend(...findAll(":scope > .message", element));
    list.dataset.more = element.dataset.more;
    drawDays();
    restore(stay);
    showBeginning();
  } finally {
    loadingOlder = false;
  }
}

function showBeginning() {
  find("[data-older]", older).hidden = !list.dataset.more;
  find("span", older).hidden = Boolean(list.dataset.more) || !messages().length;
}

/* --- jumping ---------------------------------------------------------------------------------------------------- */

export async function jump(id, openThread) {
  const here = find(`#m${id}`);
  if (here) return flash(here);
  const place = await json(`/chat/messages/${id}/place`);
  if (!place) return toast(strings.gone);
  if (place.channel !== channel) return location.assign(`/m/${id}`);
  if (place.thread) {
    await openThread(place.thread);
    return flash(find(`#r${id}`));
  }
  await loadSince(id);
  const found = find(`#m${id}`);
  return found ? flash(found) : openThread(id); // too far back for one page: shown beside it
}

export function flash(element) {
  if (!element) return toast(strings.gone);
  element.scrollIntoView({ block: element.offsetHeight > scroller.clientHeight ? "start" : "center" });
  element.focus({ preventScroll: true });
  element.classList.remove("flash");
  requestAnimationFrame(() => element.classList.add("flash"));
  return element;
}

/* --- what has been read ----------------------------------------------------------------------------------------- */

const lastRead = (id) => Number(localStorage.getItem(readMark(id)) ?? -1);

export function markRead() {
  const newest = messages().at(-1);
  if (!newest || document.visibilityState !== "visible") return;
  localStorage.setItem(readMark(channel), String(Math.max(lastRead(channel), idOf(newest))));
  newer.hidden = true;
}

export function markUnread(channelId, id) {
  const link = find(`.places [data-channel="${CSS.escape(channelId)}"]`);
  if (!link) return;
  link.dataset.latest = String(Math.max(Number(link.dataset.latest), id));
  showUnread(link);
}

function showUnread(link) {
  const mark = lastRead(link.dataset.channel);
  const unread = link.dataset.channel !== channel && Number(link.dataset.latest) > mark;
  link.classList.toggle("has-unread", unread);
  find(".unread", link).hidden = !unread;
}

/* Where to begin: at what is new, else at the head of the latest digest, else at the end. */
function settle() {
  const mark = lastRead(channel);
  const firstNew = mark >= 0 ? messages().find((message) => idOf(message) > mark && message.dataset.author !== persona) : null;
  const start = firstNew ?? (mark < 0 ? messages().filter((message) => message.matches(".is-header, .is-list")).at(-1) : null);
  if (firstNew) {
    const line = document.createElement("div");
    line.className = "new-line";
    line.textContent = strings.new;
    firstNew.before(line);
  }
  if (start) start.scrollIntoView({ block: "start" });
  else scrollToBottom();
}

export function startMessages(openThread) {
  showBeginning();
  settle();
  markRead();
  findAll(".places [data-channel]").forEach(showUnread);
  const anchor = /^#m(\d+)(?:-r(\d+))?$/.exec(location.hash);
  if (anchor) jump(anchor[2] ?? anchor[1], openThread);
  onClick("older", loadOlder);
  onClick("jump", (link, event) => { event.preventDefault(); jump(link.dataset.jump, openThread); });
  new IntersectionObserver((seen) => seen[0].isIntersecting && loadOlder(), { root: scroller, rootMargin: "400px" }).observe(older);
  scroller.addEventListener("scroll", () => isNearBottom() && markRead(), { passive: true });
  newer.addEventListener("click", () => { scrollToBottom(); markRead(); });
  document.addEventListener("visibilitychange", () => isNearBottom() && markRead());
  addEventListener("storage", () => findAll(".places [data-channel]").forEach(showUnread));
}
