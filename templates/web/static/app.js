// Pages work without this. With it a form is sent in the background and the page is brought up to date in place,
// which also happens every few seconds. Both are one thing: the page is fetched again and laid over what is shown.
"use strict";

const root = document.documentElement;
const shown = () => location.pathname + location.search;
const asked = { "X-Stormcell": shown() };
const live = document.getElementById("live");

// ---- Laying a page that was fetched over the one that is shown

let whole = false;
const keyOf = (node) => (node.nodeType === 1 ? node.id || node.dataset.key || "" : "");

function lay(from, to) {
  const age = to.hasAttribute("data-ago"); // its text is ours
  if (from.isEqualNode(to) || (from.hasAttribute("data-keep") && !age)) return;
  const kept = from.tagName === "DETAILS" ? ["open"] : [];
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && !kept.includes(name) && !name.startsWith("data-live")) from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (!kept.includes(name) && from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  if (age) return;
  if (from.hasAttribute("data-hold") && !whole) hold(from, to);
  else layChildren(from, to);
}

function layChildren(from, to) {
  const keyed = new Map([...from.childNodes].filter(keyOf).map((node) => [keyOf(node), node]));
  let here = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const key = keyOf(wanted);
    let match = key ? keyed.get(key) : here;
    if (!key) while (match && keyOf(match)) match = match.nextSibling;
    const fits = match && match.nodeType === wanted.nodeType && match.nodeName === wanted.nodeName;
    if (!fits) {
      from.insertBefore(document.importNode(wanted, true), here);
      continue;
    }
    if (match === here) here = here.nextSibling;
    else from.insertBefore(match, here);
    if (match.nodeType === 1) lay(match, wanted);
    else if (match.nodeValue !== wanted.nodeValue) match.nodeValue = wanted.nodeValue;
  }
  while (here) {
    const next = here.nextSibling;
    here.remove();
    here = next;
  }
}

// Nothing moves under a hand: what is there is brought up to date where it is, what is new waits until it is asked for.
function hold(from, to) {
  const wanted = new Map([...to.children].map((node) => [keyOf(node), node]));
  const known = new Set();
  for (const node of from.children) {
    const key = keyOf(node);
    known.add(key);
    if (wanted.has(key)) {
      delete node.dataset.liveGone;
      lay(node, wanted.get(key));
    } else node.dataset.liveGone = "";
  }
  const fresh = [...wanted.keys()].filter((key) => !known.has(key)).length;
  const told = document.getElementById(from.dataset.hold);
  if (!told) return;
  told.hidden = fresh === 0;
  told.textContent = `${fresh} new, show`;
}

// ---- Fetching

let tag = root.dataset.version;
let busy = 0;
let failures = 0;
let timer = 0;

async function refresh(all = false) {
  clearTimeout(timer);
  const turn = ++busy;
  const address = shown();
  try {
    const answer = await fetch(address, { headers: { ...asked, "X-Stormcell": address, "If-None-Match": all ? "" : tag } });
    if (answer.status === 401) return say("logged out: load the page again to log in", true);
    if (answer.status >= 500) throw new Error();
    if (answer.status === 200 && turn === busy && address === shown()) {
      put(new DOMParser().parseFromString(await answer.text(), "text/html"), all);
      tag = answer.headers.get("ETag") || "";
    }
    failures = 0;
    say("");
  } catch {
    failures += 1;
    say("no connection: what is shown may be old", true);
  }
  if (turn === busy) schedule();
}

function put(page, all) {
  const main = document.getElementById("main");
  const given = page.getElementById("main");
  if (!given) return;
  const held = document.activeElement;
  const row = held?.closest("[data-group]");
  const known = new Set([...main.querySelectorAll("[data-hold] > *")].map(keyOf));
  whole = all;
  lay(main, given);
  whole = false;
  if (all) {
    for (const one of main.querySelectorAll("[data-hold] > *")) {
      if (known.has(keyOf(one))) delete one.dataset.liveFresh;
      else one.dataset.liveFresh = "";
    }
  }
  // A button that was pressed may have given way to another.
  if (row?.isConnected && !held.isConnected) row.querySelector("button, a")?.focus({ preventScroll: true });
  document.title = page.title;
  document.dispatchEvent(new CustomEvent("stormcell:laid"));
}

function schedule() {
  clearTimeout(timer);
  const pause = Number(root.dataset.refresh) * Math.min(2 ** failures, 15);
  if (document.querySelector("[data-live]")) timer = setTimeout(() => (document.hidden ? schedule() : refresh()), pause);
}

function say(text, bad = false) {
  if (live.textContent !== text) live.textContent = text;
  live.hidden = !text;
  live.classList.toggle("bad", bad);
}

// ---- Forms

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("data-plain")) return;
  event.preventDefault();
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  const to = event.submitter?.hasAttribute("formaction") ? event.submitter.formAction : form.action;
  const body = new URLSearchParams(new FormData(form, event.submitter));
  try {
    const answer = await fetch(to, { method: "POST", body, headers: { "X-Stormcell": shown() } });
    const go = answer.headers.get("X-Stormcell-Go");
    if (go && go !== shown()) return location.assign(go);
    toast(await answer.text());
    if (answer.ok) {
      form.closest(".toast")?.remove();
      await refresh();
    }
  } catch {
    toast('<div class="toast bad" role="alert"><span>The server did not answer; nothing is known to have changed. Try again.</span></div>');
  } finally {
    form.removeAttribute("aria-busy");
  }
});

function toast(html) {
  const list = document.getElementById("toasts");
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const item of [...page.body.children]) {
    list.append(document.importNode(item, true));
    while (list.children.length > 4) list.firstElementChild.remove();
  }
}

setInterval(() => {
  // A message goes after a while, but not from under a pointer or the focus.
  for (const item of document.querySelectorAll("#toasts > div")) {
    const age = Number(item.dataset.age || 0) + 1;
    item.dataset.age = age;
    if (age > (item.matches(".bad") ? 20 : 10) && !item.matches(":hover, :focus-within")) item.remove();
  }
}, 1000);

// ---- Ages, theme, and what several pages want

function ages() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const seconds = Math.max(0, (Date.now() - Date.parse(time.dateTime)) / 1000);
    const [size, unit] = [[31536000, "y"], [86400, "d"], [3600, "h"], [60, "min"], [1, "s"]].find(([least]) => seconds >= least) || [1, "s"];
    const text = `${Math.floor(seconds / size)} ${unit} ago`;
    if (time.textContent !== text) time.textContent = text;
  }
}
document.addEventListener("stormcell:laid", ages);
setInterval(ages, 5000);
ages();

document.addEventListener("click", (event) => {
  const button = event.target.closest("button, a");
  if (!button) return;
  if (button.matches("[data-theme-next]")) {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try {
      localStorage.setItem("stormcell-theme", root.dataset.theme);
    } catch {
      // It lasts as long as the page then.
    }
  } else if (button.matches("[data-keys]")) document.getElementById("keys").showModal();
  else if (button.matches("[data-show-new]")) refresh(true);
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input, select, textarea")) {
    if (event.key === "Escape") event.target.blur();
  } else if (event.key === "?") document.getElementById("keys").showModal();
  else if (event.key === "g") location.assign("/");
});
document.addEventListener("visibilitychange", () => document.hidden || !document.querySelector("[data-live]") || refresh());
schedule();
