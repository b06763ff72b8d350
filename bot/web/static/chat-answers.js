/* Commands, and the private answers to them. */

import { channelAddress, find, findAll, onClick, piece, strings, toast } from "./chat-page.js";
import { isDialog, openDialog } from "./chat-dialogs.js";

const answers = find("#answers");
const state = find("#state");

/* Put an answer at the end of the flow, or in place of another; a form opens as a dialog. */
export function showAnswer(element, old) {
  if (isDialog(element)) return openDialog(element, showAnswer);
  if (old?.isConnected) {
    if (old.dataset.after) element.dataset.after = old.dataset.after;
    old.replaceWith(element);
  } else answers.append(element);
  element.scrollIntoView({ block: element.offsetHeight > find("#scroll").clientHeight * 0.8 ? "start" : "nearest" });
  return element;
}

/* Do what a line says; whether it is dealt with, so that nobody has to type it again or put it right. */
export async function runCommand(line, old) {
  state.textContent = strings.thinking;
  try {
    const { ok, element, status } = await piece(`${channelAddress}/commands`, { text: line });
    if (element) showAnswer(element, old);
    return element !== null && (ok || status === 403 || status === 409);
  } catch {
    return false;
  } finally {
    state.textContent = "";
  }
}

async function turn(button) {
  const old = button.closest(".answer");
  const { element } = await piece(button.dataset.turn);
  if (!element) return;
  showAnswer(element, old);
  const same = find(`[data-page="${button.dataset.page}"]:not(:disabled)`, element);
  (same ?? find("[data-page]:not(:disabled)", element) ?? element).focus({ preventScroll: true });
}

async function share(button) {
  button.disabled = true;
  try {
    const { ok, element } = await piece(`${channelAddress}/shares`, { entry: button.dataset.share, token: button.dataset.token });
    if (ok) toast(strings.shared);
    else if (element) showAnswer(element);
    button.disabled = ok;
  } catch {
    button.disabled = false;
  }
}

async function save(button) {
  const on = button.getAttribute("aria-pressed") !== "true";
  const { ok, element } = await piece(`/chat/entries/${encodeURIComponent(button.dataset.save)}/saved`, { on: on ? "1" : "0" });
  if (element) showAnswer(element);
  if (!ok) return;
  for (const same of findAll(`[data-save="${CSS.escape(button.dataset.save)}"]`)) same.setAttribute("aria-pressed", String(on));
  toast(on ? strings.saved : strings.notSaved);
}

async function confirm(form) {
  for (const button of findAll("button", form)) button.disabled = true;
  const { element } = await piece(form.getAttribute("action"), {}).catch(() => ({}));
  if (element) return showAnswer(element, form.closest(".answer")).focus({ preventScroll: true });
  for (const button of findAll("button", form)) button.disabled = false;
  return null;
}

export function startAnswers() {
  onClick("dismiss", (button) => { button.closest(".answer").remove(); find("#command").focus({ preventScroll: true }); });
  onClick("command", (button) => {
    const inPlace = button.matches("[data-in-place], .is-error *");
    runCommand(button.dataset.command, inPlace ? button.closest(".answer") : null);
  });
  onClick("answer", async (button) => {
    const { element } = await piece(button.dataset.answer);
    if (element) showAnswer(element);
  });
  onClick("turn", turn);
  onClick("share", share);
  onClick("save", save);
  onClick("toggle", (button) => {
    const more = find(`#${CSS.escape(button.dataset.toggle)}`);
    more.hidden = !more.hidden;
    button.setAttribute("aria-expanded", String(!more.hidden));
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-confirm]")) return;
    event.preventDefault();
    confirm(event.target);
  });
}
