// Keys of the list: the row that has the focus is the one that is meant.
"use strict";

const rows = () => [...document.querySelectorAll("#groups [data-group]")];
const current = () => document.activeElement?.closest?.("[data-group]") || null;

function step(by) {
  const all = rows();
  const at = all.indexOf(current());
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
  next?.querySelector("a")?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input, select, textarea")) return;
  const acts = { a: "a", r: "r", u: "u" };
  if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "/") document.getElementById("text").focus();
  else if (event.key === ".") document.querySelector("[data-show-new]:not([hidden])")?.click();
  else if (event.key in acts) current()?.querySelector(`[data-act="${acts[event.key]}"]`)?.click();
  else return;
  event.preventDefault();
});

for (const field of document.querySelectorAll("#filter select")) {
  field.addEventListener("change", () => field.form.requestSubmit());
}
