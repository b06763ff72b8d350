/* Reactions with their picker, and the small tools of a message. */

import { find, findAll, hideToast, onClick, piece, strings, toast } from "./chat-page.js";
import { showAnswer } from "./chat-answers.js";
import { insertInOrder } from "./chat-messages.js";

const picker = find("#picker");
let opener = null;

async function react(id, emoji, on, near) {
  const inThread = Boolean(near?.closest("#side"));
  const place = near?.closest(".message")?.parentElement;
  const { ok, element } = await piece(`/chat/messages/${id}/reactions${inThread ? "?thread" : ""}`, { emoji, on: on ? "1" : "0" });
  if (!ok) return element && showAnswer(element);
  return place?.isConnected && insertInOrder(place, element);
}

function openPicker(button) {
  if (opener === button) return closePicker();
  opener = button;
  picker.hidden = false;
  const spot = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = picker;
  const left = Math.min(Math.max(8, spot.right - width), innerWidth - width - 8);
  const top = spot.top > height + 12 ? spot.top - height - 6 : spot.bottom + 6;
  picker.style.left = `${left}px`;
  picker.style.top = `${Math.min(top, innerHeight - height - 8)}px`;
  button.setAttribute("aria-expanded", "true");
  return find("button", picker).focus();
}

export function closePicker() {
  if (picker.hidden) return false;
  const hadFocus = picker.contains(document.activeElement);
  picker.hidden = true;
  opener?.removeAttribute("aria-expanded");
  if (hadFocus) opener?.focus({ preventScroll: true });
  opener = null;
  return true;
}

function walk(event) {
  const buttons = findAll("button", picker);
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 6, ArrowUp: -6 }[event.key];
  if (!step) return;
  event.preventDefault();
  const index = buttons.indexOf(document.activeElement) + step;
  buttons[(index + buttons.length) % buttons.length].focus();
}

async function remove(button) {
  if (!button.dataset.sure) {
    button.dataset.sure = "1";
    button.setAttribute("aria-label", strings.deleteAgain);
    button.title = strings.deleteAgain;
    toast(strings.deleteAgain);
    return;
  }
  const { element } = await piece(`/chat/messages/${button.dataset.delete}/delete`, {});
  hideToast(strings.deleteAgain);
  if (element) showAnswer(element);
}

export function startReactions() {
  onClick("pick", openPicker);
  onClick("react", (button) => react(button.dataset.react, button.dataset.emoji, button.getAttribute("aria-pressed") !== "true", button));
  onClick("delete", remove);
  onClick("copy", async (button) => {
    await navigator.clipboard.writeText(new URL(button.dataset.copy, location.href).href).catch(() => null);
    toast(strings.copied);
  });
  picker.addEventListener("keydown", walk);
  picker.addEventListener("click", (event) => {
    const choice = event.target.closest("[data-emoji]");
    if (!choice) return;
    const button = opener;
    closePicker();
    const mine = button.closest(".message").querySelector(`.reaction[data-emoji="${choice.dataset.emoji}"][aria-pressed=true]`);
    react(button.dataset.pick, choice.dataset.emoji, !mine, button);
  });
  document.addEventListener("pointerdown", (event) => {
    if (!picker.contains(event.target) && !event.target.closest("[data-pick]")) closePicker();
  });
  find("#scroll").addEventListener("scroll", closePicker, { passive: true });
}
