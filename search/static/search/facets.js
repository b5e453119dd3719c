// On phones filters stand in a sheet: it stays open while several are chosen, each with a page of its own.
// Without this file it opens and closes all the same.
(() => {
  "use strict";
  const KEY = "nuqta-facets", SOON_MS = 15_000;
  const sheet = document.getElementById("facets");
  const body = sheet?.querySelector(".offcanvas-body");
  if (!body) return;

  const remember = () => {
    if (!sheet.classList.contains("show")) return;
    sessionStorage.setItem(KEY, JSON.stringify({ at: Date.now(), top: body.scrollTop }));
  };
  body.addEventListener("click", (event) => {
    if (event.target.closest("a[href]")) remember();
  });
  body.addEventListener("submit", remember);

  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  sessionStorage.removeItem(KEY);
  // Back from another page, or wide enough for both: as it is.
  const isNext = performance.getEntriesByType("navigation")[0]?.type === "navigate";
  if (!kept || !isNext || Date.now() - kept.at > SOON_MS || getComputedStyle(sheet).position !== "fixed") return;
  sheet.classList.add("is-still");
  sheet.addEventListener("shown.bs.offcanvas", () => {
    body.scrollTop = kept.top;
    sheet.classList.remove("is-still");
  }, { once: true });
  window.bootstrap.Offcanvas.getOrCreateInstance(sheet).show();
})();
