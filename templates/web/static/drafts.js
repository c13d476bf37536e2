// The editor of a draft: it shows how the text looks once typing pauses, and asks before what was written is lost.
"use strict";

const editor = document.getElementById("editor");
const text = document.getElementById("text");
const looks = document.getElementById("preview");
const state = document.getElementById("preview-state");
const before = text.defaultValue;
let pause = 0;
let turn = 0;

document.getElementById("look").hidden = true;

async function look() {
  const mine = ++turn;
  const body = new URLSearchParams({ csrf: editor.elements.csrf.value, text: text.value });
  try {
    const answer = await fetch(editor.dataset.preview, { method: "POST", body, headers: { "X-Stormcell": location.pathname } });
    if (mine !== turn) return;
    if (!answer.ok) throw new Error();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    looks.replaceChildren(...page.body.childNodes);
    state.textContent = "";
  } catch {
    if (mine === turn) state.textContent = "No preview: the server does not answer. What you wrote is still here.";
  }
}

// What was typed outlives a session that ended, or a tab that was closed by mistake and opened again.
const shelf = `stormcell-text ${location.pathname}`;
const back = document.getElementById("bring-back");

function shelved() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(shelf));
    return kept && kept.seen === editor.elements.seen.value && kept.text !== text.value ? kept.text : null;
  } catch {
    return null;
  }
}

back.hidden = shelved() === null;
back.addEventListener("click", () => {
  text.value = shelved() ?? text.value;
  back.hidden = true;
  look();
});

text.addEventListener("input", () => {
  try {
    sessionStorage.setItem(shelf, JSON.stringify({ seen: editor.elements.seen.value, text: text.value }));
  } catch {
    // It is in the page still.
  }
  back.hidden = true;
  clearTimeout(pause);
  pause = setTimeout(look, 400);
});

let leaving = false;
editor.addEventListener("submit", () => (leaving = true));
window.addEventListener("beforeunload", (event) => {
  if (!leaving && text.value !== before) event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  editor.requestSubmit(editor.querySelector("button[value=save]"));
});
