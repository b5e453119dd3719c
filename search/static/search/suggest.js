// Suggestions while typing: a combobox by the ARIA pattern, over a form that works without this file.
// And a count of which result was opened, sent while the page goes away.
(() => {
  "use strict";
  const WAIT_MS = 120;

  const field = document.querySelector("[data-suggest]");
  if (field) {
    const list = document.getElementById(field.getAttribute("aria-controls"));
    const status = document.getElementById(field.dataset.suggestStatus);
    let timer = 0;
    let asked = null;
    let typed = field.value;
    let active = -1;

    const options = () => [...list.querySelectorAll("[role=option]")];
    const close = () => {
      list.hidden = true;
      active = -1;
      field.setAttribute("aria-expanded", "false");
      field.removeAttribute("aria-activedescendant");
    };
    const open = () => {
      const found = options().length;
      list.hidden = found === 0;
      field.setAttribute("aria-expanded", String(found > 0));
      if (status) status.textContent = list.firstElementChild?.dataset.status ?? "";
    };
    const point = (next) => {
      const all = options();
      if (!all.length) return;
      // One step beyond either end is the field itself.
      active = next < -1 ? all.length - 1 : next >= all.length ? -1 : next;
      all.forEach((option, place) => option.setAttribute("aria-selected", String(place === active)));
      if (active < 0) {
        field.removeAttribute("aria-activedescendant");
        field.value = typed;
        return;
      }
      field.setAttribute("aria-activedescendant", all[active].id);
      all[active].scrollIntoView({ block: "nearest" });
      if (all[active].dataset.value) field.value = all[active].dataset.value;
    };
    const ask = async () => {
      typed = field.value;
      asked?.abort();
      if (!typed.trim()) {
        close();
        return;
      }
      asked = new AbortController();
      try {
        const address = `${field.dataset.suggest}?q=${encodeURIComponent(typed)}`;
        const answer = await fetch(address, { signal: asked.signal, headers: { "X-Requested-With": "fetch" } });
        if (!answer.ok || field.value !== typed) return;
        list.innerHTML = await answer.text();
        active = -1;
        if (document.activeElement === field) open();
      } catch (error) {
        if (error.name !== "AbortError") close();
      }
    };

    // Keyboards of phones compose every word until it is ended: what stands there counts, ended or not.
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, WAIT_MS);
    });
    field.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const isOpen = !list.hidden;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (!isOpen) open();
        point(active + (event.key === "ArrowDown" ? 1 : -1));
      } else if (event.key === "Escape" && isOpen) {
        event.preventDefault();
        event.stopPropagation();
        field.value = typed;
        close();
      } else if (event.key === "Enter" && isOpen && active >= 0) {
        event.preventDefault();
        options()[active].querySelector("a").click();
      } else if (event.key === "Tab") {
        close();
      }
    });
    field.addEventListener("focus", () => {
      if (list.childElementCount && field.value === typed && typed.trim()) open();
    });
    field.addEventListener("blur", () => setTimeout(close, 150));
    // The field keeps the focus while an option is pressed.
    list.addEventListener("mousedown", (event) => event.preventDefault());
  }

  const results = document.querySelector("[data-clicks]");
  if (results) {
    results.addEventListener("click", (event) => {
      const link = event.target.closest("[data-rank] a[href]");
      if (!link) return;
      const { rank, product } = link.closest("[data-rank]").dataset;
      const body = new FormData();
      body.set("q", results.dataset.query);
      body.set("rank", rank);
      body.set("product", product);
      body.set("csrfmiddlewaretoken", JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"]);
      navigator.sendBeacon(results.dataset.clicks, body);
    });
  }
})();
