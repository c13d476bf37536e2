// A group's page: what is open and which members are shown stands in the address, so that bringing the page up to
// date keeps it. Links and forms with data-swap change the address and have the page laid over what is shown.
"use strict";

function go(address) {
  history.pushState(null, "", address);
  return refresh(true);
}

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest("a[data-swap]");
  if (link) {
    event.preventDefault();
    go(link.href);
    return;
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    navigator.clipboard?.writeText(copy.dataset.copy).then(
      () => tell(copy, "Copied"),
      () => tell(copy, "Not allowed"),
    ) ?? tell(copy, "Not allowed");
  }
});

function tell(button, text) {
  button.textContent = text;
  setTimeout(() => (button.textContent = "Copy"), 1500);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.hasAttribute("data-swap")) return;
  event.preventDefault();
  const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  go(form.getAttribute("action") + (query.size ? `?${query}` : ""));
});
document.addEventListener("change", (event) => {
  if (event.target.matches("#narrow select")) event.target.form.requestSubmit();
  if (event.target.matches("[data-event]")) count();
});
window.addEventListener("popstate", () => refresh(true));

// ---- What is selected

const chosen = () => [...document.querySelectorAll("[data-event]:checked")];
function count() {
  const told = document.querySelector("[data-selected]");
  if (told) told.textContent = `${chosen().length} selected`;
}
document.addEventListener("stormcell:laid", count);
count();

// ---- What takes longer comes later

for (const place of document.querySelectorAll("[data-load]")) {
  fetch(place.dataset.load, { headers: { "X-Stormcell": location.pathname + location.search } })
    .then(async (answer) => {
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      place.replaceChildren(...[...page.body.childNodes].map((node) => document.importNode(node, true)));
    })
    .catch(() => {}); // the link to it is still there
}

// ---- Keys

const members = () => [...document.querySelectorAll("[data-member]")];
const current = () => document.activeElement?.closest?.("[data-member]") || null;

function step(by) {
  const all = members();
  const at = all.indexOf(current());
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
  next?.querySelector("td.open a")?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input:not([type=checkbox]), select, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const key = event.key;
  if (key === "j") step(1);
  else if (key === "k") step(-1);
  else if (key === "e") current()?.querySelector("td.open a")?.click();
  else if (key === "x") current()?.querySelector("[data-event]")?.click();
  else if (key === "/") document.getElementById("text")?.focus();
  else if (key === "m") openMerge();
  else if (key === "g") location.assign("/");
  else if ("aru".includes(key)) document.querySelector(`.head [data-act="${key}"]`)?.click();
  else return;
  event.preventDefault();
});

function openMerge() {
  const panel = document.getElementById("merge");
  if (!panel) return;
  panel.open = true;
  document.getElementById("others").focus();
}
