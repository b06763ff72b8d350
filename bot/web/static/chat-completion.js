/* A combobox over a text field: what fits at the cursor, chosen with arrows, Tab, Enter or a click. */

import { announce, find, json, strings } from "./chat-page.js";

/* The server counts characters, the browser UTF-16 units. */
const charactersBefore = (text, unit) => [...text.slice(0, unit)].length;
const unitAt = (text, character) => [...text].slice(0, character).join("").length;

export class Completion {
  /* `address` makes the server's address from the query part; `applies` says whether to offer anything at all. */
  constructor(field, list, address, applies = () => true) {
    Object.assign(this, { field, list, address, applies, offers: [], active: -1, asked: null, timer: 0 });
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-haspopup", "listbox");
    field.setAttribute("aria-controls", list.id);
    field.setAttribute("aria-expanded", "false");
    field.addEventListener("input", () => this.later());
    field.addEventListener("click", () => this.later());
    field.addEventListener("keydown", (event) => this.key(event));
    field.addEventListener("blur", () => this.close());
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.choose([...list.children].indexOf(option));
    });
  }

  get isOpen() { return !this.list.hidden; }

  later() {
    clearTimeout(this.timer);
    this.asked?.abort();
    if (!this.applies(this.field.value)) return this.close();
    this.timer = setTimeout(() => this.ask(), 60);
    return undefined;
  }

  async ask() {
    const text = this.field.value;
    const cursor = charactersBefore(text, this.field.selectionStart);
    this.asked = new AbortController();
    const query = new URLSearchParams({ text, cursor });
    const found = await json(this.address(query), this.asked.signal).catch(() => null);
    if (!found || this.field.value !== text || document.activeElement !== this.field) return;
    this.span = [unitAt(text, found.start), unitAt(text, found.end)];
    this.show(found.offers, found.sure);
  }

  show(offers, sure) {
    this.offers = offers;
    if (!offers.length) return this.close();
    this.list.replaceChildren(...offers.map((offer, index) => this.option(offer, index)));
    this.list.hidden = false;
    this.field.setAttribute("aria-expanded", "true");
    this.activate(sure ? 0 : -1);
    announce(strings.offers.replace("{count}", offers.length));
    return undefined;
  }

  option(offer, index) {
    const item = document.createElement("li");
    const label = document.createElement("span");
    const detail = document.createElement("span");
    item.id = `${this.list.id}-${index}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    label.className = "label";
    label.textContent = offer.label;
    detail.className = "detail";
    detail.textContent = offer.restricted ? `${offer.detail} · ${strings.restricted}` : offer.detail;
    item.classList.toggle("restricted", offer.restricted);
    item.append(label, detail);
    return item;
  }

  activate(index) {
    this.list.children[this.active]?.setAttribute("aria-selected", "false");
    this.active = index;
    const option = this.list.children[index];
    if (!option) return this.field.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    return this.field.setAttribute("aria-activedescendant", option.id);
  }

  key(event) {
    if (event.isComposing) return;
    if (!this.isOpen) {
      if (["Enter", "Escape"].includes(event.key)) this.close(); // offers on their way are not wanted any more
      if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) this.later();
      return;
    }
    const count = this.offers.length;
    const plain = !(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.activate(((this.active + 1 + step + count + 1) % (count + 1)) - 1); // past either end: none
    else if (event.key === "Escape") this.close();
    else if (event.key === "Tab" && plain) this.choose(Math.max(this.active, 0));
    else if (event.key === "Enter" && plain && this.active >= 0) this.choose(this.active);
    else {
      if (event.key === "Enter") this.close();
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  choose(index) {
    const offer = this.offers[index];
    const [start, end] = this.span;
    const rest = this.field.value.slice(end);
    const insert = rest.startsWith(" ") ? offer.insert.trimEnd() : offer.insert;
    this.field.setRangeText(insert, start, end, "end");
    this.close();
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  close() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.list.hidden = true;
    this.activate(-1);
    this.field.setAttribute("aria-expanded", "false");
  }
}

export const commandCompletion = (field, address) =>
  new Completion(field, find("#offers"), address, (text) => /^\s*[/／]/.test(text));
