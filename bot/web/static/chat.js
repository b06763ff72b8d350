/* The chat page. Every part below looks after its own elements; the server renders all of them. */

import { find, onClick } from "./chat-page.js";
import { startAnswers } from "./chat-answers.js";
import { put, startComposer } from "./chat-composer.js";
import { startLive } from "./chat-live.js";
import { startMessages } from "./chat-messages.js";
import { closePicker, startReactions } from "./chat-reactions.js";
import { closeThread, openThread, startThread } from "./chat-thread.js";

const app = find("#app");
const menu = find("[data-open-sidebar]");

function showSidebar(open) {
  if (app.classList.contains("with-sidebar") === open) return false;
  app.classList.toggle("with-sidebar", open);
  menu.setAttribute("aria-expanded", String(open));
  (open ? find("#sidebar a") : menu).focus();
  return true;
}

const isTyping = (target) => target.matches?.("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || find("dialog[open]")) return;
  if (event.key === "Escape") closePicker() || showSidebar(false) || closeThread();
  if (event.key === "/" && !isTyping(event.target) && !(event.ctrlKey || event.metaKey || event.altKey)) {
    event.preventDefault();
    put(find("#command").value || "/");
  }
});

onClick("open-sidebar", () => showSidebar(true));
onClick("close-sidebar", () => showSidebar(false));
onClick("command", () => showSidebar(false));

startAnswers();
startComposer();
startReactions();
startThread();
startMessages(openThread);
startLive();
if (matchMedia("(hover: hover) and (min-width: 48rem)").matches) find("#command").focus({ preventScroll: true });
