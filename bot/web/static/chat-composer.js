/* Writing: messages, replies, and commands. */

import { channelAddress, find, findAll, newToken, onClick, piece } from "./chat-page.js";
import { runCommand, showAnswer } from "./chat-answers.js";
import { commandCompletion } from "./chat-completion.js";

const field = find("#command");
const past = [];
let recalled = 0;

const isCommand = (form, text) => form.id === "composer" && /^\s*[/／]/.test(text);

/* What a form is sending: Enter twice sends a text once, and what is typed meanwhile goes out after it, in order. */
const sending = new WeakMap();

async function send(form) {
  const text = find("textarea", form).value.trim();
  const before = sending.get(form);
  if (!text || before?.text === text) return;
  const turn = { text, ended: sendAfter(before?.ended, form, text) };
  sending.set(form, turn);
  await turn.ended;
  if (sending.get(form) === turn) sending.delete(form);
}

async function sendAfter(earlier, form, text) {
  await earlier;
  const done = isCommand(form, text) ? await command(text) : await write(form, text);
  const writing = find("textarea", form);
  if (!done || writing.value.trim() !== text) return;
  writing.value = "";
  writing.dispatchEvent(new Event("input", { bubbles: true }));
}

function command(text) {
  if (past.at(-1) !== text) past.push(text);
  recalled = past.length;
  return runCommand(text);
}

async function write(form, text) {
  if (form.dataset.text !== text) Object.assign(form.dataset, { text, token: newToken() });
  try {
    const { ok, element } = await piece(form.dataset.composer, { text, token: form.dataset.token });
    if (!ok && element) showAnswer(element);
    if (ok) delete form.dataset.text;
    return ok;
  } catch {
    return false;
  }
}

/* The arrow keys bring back earlier commands while the field is empty or shows one of them. */
function recall(event) {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!step || (field.value && field.value !== past[recalled])) return;
  const index = Math.min(Math.max(recalled + step, 0), past.length);
  if (index === recalled) return;
  recalled = index;
  field.value = past[recalled] ?? "";
  event.preventDefault();
}

export function put(text) {
  field.value = text;
  field.focus();
  field.setSelectionRange(text.length, text.length);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

export function startComposer() {
  commandCompletion(field, (query) => `${channelAddress}/completions?${query}`);
  field.addEventListener("keydown", recall);
  document.addEventListener("keydown", (event) => {
    const form = event.target.closest?.("form[data-composer]");
    if (!form || event.key !== "Enter" || event.shiftKey || event.isComposing || event.defaultPrevented) return;
    event.preventDefault();
    send(form);
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-composer]")) return;
    event.preventDefault();
    send(event.target);
  });
  onClick("command", (button) => {
    if (button.matches(".is-error *") && field.value.trim() === past.at(-1)) put("");
  });
  onClick("write", (button) => put(button.dataset.write));
  for (const link of findAll(".skip")) link.addEventListener("click", (event) => { event.preventDefault(); field.focus(); });
}
