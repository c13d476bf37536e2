// Before anything is drawn: the theme that was chosen here, else that of the system.
"use strict";
document.documentElement.dataset.script = "";
try {
  const chosen = localStorage.getItem("stormcell-theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch {
  // A browser that keeps nothing follows the system.
}
