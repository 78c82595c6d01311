"use strict";
(() => {
  const root = document.documentElement;
  const rows = [...document.querySelectorAll("details.row")];
  const text = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const find = document.getElementById("find");
  const selects = [...document.querySelectorAll("select[data-by]")];
  const fold = document.getElementById("fold");
  const shown = document.getElementById("shown");

  const matches = (row) =>
    find.value.toLowerCase().split(/\s+/).every((word) => text.get(row).includes(word)) &&
    selects.every(({ value, dataset }) => !value || row.dataset[dataset.by].split(" ").includes(value));

  const filter = () => {
    let count = 0;
    for (const row of rows) {
      row.hidden = !matches(row);
      count += row.hidden ? 0 : 1;
    }
    for (const part of document.querySelectorAll("section.level, section.part")) {
      part.hidden = !part.querySelector("details.row:not([hidden])");
    }
    shown.textContent = `${count} of ${rows.length} rows`;
  };

  const clear = () => {
    find.value = "";
    for (const select of selects) select.value = "";
    filter();
  };

  const visible = () => rows.filter((row) => !row.hidden);

  const openAll = (open) => {
    for (const row of visible()) row.open = open;
  };

  const follow = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]") || target.querySelector("details.row[hidden]")) clear();
    if (target.matches("details.row")) target.open = true;
    target.scrollIntoView();
  };

  const step = (by) => {
    const all = visible();
    const at = all.findIndex((row) => row.contains(document.activeElement));
    const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
    if (next) next.querySelector("summary").focus();
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      clear();
      return;
    }
    if (event.target.matches("input, select, textarea")) return;
    if (event.key === "/") {
      event.preventDefault();
      find.focus();
    } else if (event.key === "j" || event.key === "k") {
      step(event.key === "j" ? 1 : -1);
    }
  });

  find.addEventListener("input", filter);
  for (const select of selects) select.addEventListener("change", filter);
  fold.addEventListener("click", () => {
    const open = fold.textContent === "Open all";
    openAll(open);
    fold.textContent = open ? "Close all" : "Open all";
  });
  window.addEventListener("hashchange", follow);
  window.addEventListener("beforeprint", () => openAll(true));

  const theme = document.getElementById("theme");
  const dark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const label = () => {
    theme.textContent = dark() ? "Light" : "Dark";
  };
  theme.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    label();
  });

  theme.hidden = false;
  document.getElementById("filter").hidden = false;
  label();
  filter();
  follow();
})();
