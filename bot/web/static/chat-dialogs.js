/* Forms as dialogs: nothing typed is lost by an error, and not by a slip of the Esc key either. */

import { channelAddress, find, findAll, piece, strings } from "./chat-page.js";
import { Completion } from "./chat-completion.js";

export const isDialog = (element) => element instanceof HTMLDialogElement;

/* Open a form; what it leads to is handed to `showAnswer`. With `before` it takes the place of the same form, sent back. */
export function openDialog(dialog, showAnswer, before) {
  const form = find("form", dialog);
  const cameFrom = before?.cameFrom ?? document.activeElement;
  document.body.append(dialog);
  warnBeforeLosing(dialog, form, Boolean(before));
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (cameFrom?.isConnected) cameFrom.focus({ preventScroll: true });
  });
  for (const button of findAll("[data-close-dialog]", dialog)) button.addEventListener("click", () => dialog.close());
  for (const button of findAll("[data-fill]", dialog)) button.addEventListener("click", () => fill(form, button));
  for (const field of findAll("[data-completes]", dialog)) {
    new Completion(field, offersFor(field), (query) => `${channelAddress}/completions?of=${field.dataset.completes}&${query}`);
  }
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(dialog, form, cameFrom, showAnswer);
  });
  dialog.showModal();
  find(".form-body", dialog).scrollTop = before?.place ?? 0;
  (find(".problem", dialog) && !find("[aria-invalid]", form) ? find(".form-body", dialog) : firstToFill(form)).focus();
  return dialog;
}

/* Esc closes an untouched form at once, a changed one only when pressed again. */
function warnBeforeLosing(dialog, form, isChanged) {
  let isWarned = false;
  form.addEventListener("input", () => { isChanged = true; isWarned = false; });
  dialog.addEventListener("cancel", (event) => {
    if (!isChanged || isWarned) return;
    event.preventDefault();
    isWarned = true;
    find("[data-dialog-note]", dialog).textContent = strings.discard;
  });
}

function firstToFill(form) {
  const fields = findAll("input.field, textarea.field", form);
  return find("[aria-invalid]", form) ?? fields.find((field) => !field.value) ?? fields[0];
}

function fill(form, button) {
  const field = form.elements[button.dataset.fill];
  field.value = button.dataset.value;
  field.focus();
}

function offersFor(field) {
  const list = document.createElement("ul");
  list.className = "offers";
  list.id = `offers-${field.name}`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", find(`label[for="${field.id}"]`)?.textContent ?? "");
  list.hidden = true;
  field.after(list);
  field.parentElement.classList.add("completes");
  return list;
}

async function send(dialog, form, cameFrom, showAnswer) {
  const button = find("[type=submit]", form);
  if (button.disabled) return;
  button.disabled = true;
  try {
    const { element } = await piece(form.getAttribute("action"), new FormData(form));
    if (isDialog(element)) {
      const place = find(".form-body", dialog).scrollTop;
      dialog.remove();
      openDialog(element, showAnswer, { place, cameFrom });
    } else if (element) {
      dialog.close();
      showAnswer(element);
    }
  } catch {
    find("[data-dialog-note]", dialog).textContent = strings.offline;
  } finally {
    button.disabled = false;
  }
}
