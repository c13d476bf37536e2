"use strict";
(() => {
  const order = ["none", "trace", "debug", "info", "warn", "error", "fatal"];

  // The theme: as the system has it, or as it was chosen. A page from a disk may have nowhere to keep that.
  const button = document.getElementById("theme");
  const themes = ["system", "dark", "light"];
  const kept = {
    get: () => { try { return localStorage.getItem("stormcell-theme"); } catch { return null; } },
    set: (value) => { try { localStorage.setItem("stormcell-theme", value); } catch { /* not kept */ } },
  };
  const show = (theme) => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
  };
  let theme = themes.includes(kept.get()) ? kept.get() : "system";
  show(theme);
  button.classList.add("ready");
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    show(theme);
    kept.set(theme);
  });

  // Tables sorted by their columns: what has no value comes last either way.
  const value = (row, column, by) => {
    const cell = row.cells[column];
    const text = cell.textContent.trim();
    if (text === "") return null;
    if (by === "number") return Number(cell.dataset.value ?? text.replaceAll(",", ""));
    if (by === "severity") return order.indexOf(text);
    if (by === "time") return cell.querySelector("time")?.dateTime ?? text;
    return text.toLowerCase();
  };
  const sort = (table, column, by, sign) => {
    const rows = [...table.tBodies[0].rows].map((row) => [value(row, column, by), row]);
    rows.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
      return sign * (a < b ? -1 : a > b ? 1 : 0);
    });
    table.tBodies[0].append(...rows.map(([, row]) => row));
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const press = document.createElement("button");
      press.type = "button";
      press.textContent = head.textContent;
      head.replaceChildren(press);
      press.addEventListener("click", () => {
        const ascending = head.getAttribute("aria-sort") !== "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
        sort(table, column, head.dataset.by, ascending ? 1 : -1);
      });
    });
  }

  // Members that hold all the words that are looked for.
  for (const search of document.querySelectorAll(".search")) {
    const rows = [...search.closest("details").querySelectorAll("tbody tr")];
    const [input, said] = [search.querySelector("input"), search.querySelector("output")];
    search.hidden = false;
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        count += !row.hidden;
      }
      said.textContent = words.length ? `${count} of ${rows.length} rows` : "";
    });
  }

  // On paper everything is open, and light.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const each of closed) each.open = true;
    document.documentElement.dataset.theme = "light";
  });
  addEventListener("afterprint", () => {
    for (const each of closed) each.open = false;
    show(theme);
  });
})();
