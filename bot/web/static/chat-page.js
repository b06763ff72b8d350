/* What every part of the chat page uses: its data, its words, and talking to the server. */

const data = JSON.parse(document.getElementById("page-data").textContent);

export const { channel, persona, strings } = data;
export const channelAddress = `/chat/channels/${encodeURIComponent(channel)}`;

export const find = (selector, root = document) => root.querySelector(selector);
export const findAll = (selector, root = document) => [...root.querySelectorAll(selector)];

let toastTimer = 0;

export function toast(text) {
  const place = find("#toast");
  place.textContent = text;
  place.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { place.hidden = true; }, 5000);
}

/* What a toast asked for has been done. */
export function hideToast(text) {
  const place = find("#toast");
  if (place.textContent === text) place.hidden = true;
}

export function announce(text) {
  find("#announcer").textContent = text;
}

/* Ask the server; with `fields` (an object or FormData) something is done, without it something is read. */
async function ask(address, fields, signal) {
  const options = { headers: { Accept: "application/json, text/html" }, signal };
  if (fields) {
    options.method = "POST";
    options.body = fields instanceof FormData ? fields : formData(fields);
  }
  try {
    return await fetch(address, options);
  } catch (error) {
    if (error.name !== "AbortError") toast(strings.offline);
    throw error;
  }
}

function formData(fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
}

/* An element the server renders; `ok` tells whether it is what was asked for or says why not. */
export async function piece(address, fields) {
  const response = await ask(address, fields);
  if (response.status === 204) return { ok: true, element: null };
  if (!(response.headers.get("Content-Type") ?? "").startsWith("text/html")) {
    const said = await response.json().catch(() => ({}));
    toast([said.error ?? strings.failed, said.detail].filter(Boolean).join(" "));
    return { ok: false, element: null, status: response.status };
  }
  const template = document.createElement("template");
  template.innerHTML = await response.text();
  return { ok: response.ok, element: template.content.firstElementChild, status: response.status };
}

/* JSON the server answers with; null when it cannot. */
export async function json(address, signal) {
  const response = await ask(address, undefined, signal);
  return response.ok ? response.json() : null;
}

/* Marks one thing a person does, so that sending it twice does it once. */
export const newToken = () => crypto.randomUUID();

/* Handle clicks on every element that has the attribute, now and later. */
export function onClick(attribute, handle) {
  document.addEventListener("click", (event) => {
    const target = event.target.closest?.(`[data-${attribute}]`);
    if (!target || event.defaultPrevented || event.ctrlKey || event.metaKey) return;
    Promise.resolve(handle(target, event)).catch(() => null); // what went wrong has been said where it happened
  });
}
