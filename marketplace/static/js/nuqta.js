// Small comforts. Every page works without this file.
(() => {
  "use strict";
  document.documentElement.classList.add("js");

  // A menu closes when the person turns to something else.
  const openMenus = () => document.querySelectorAll("details.menu[open]");
  document.addEventListener("click", (event) => {
    for (const menu of openMenus()) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of openMenus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // <form data-submit-on-change>: sorting and the like. Its button, for who has no JavaScript, is hidden by CSS.
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form && form.matches("[data-submit-on-change]")) form.requestSubmit();
  });

  // <form data-submit-once>: a second press does nothing while the first is on its way.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-submit-once]")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    for (const button of form.querySelectorAll("button:not([type=button])")) button.setAttribute("aria-disabled", "true");
  });
  // Back from the page that followed: the form may be sent again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // On phones the navigation of a desk runs sideways: begin at where one is. Nothing but it moves.
  document.addEventListener("DOMContentLoaded", () => {
    for (const here of document.querySelectorAll(".desk-nav .is-here")) {
      const nav = here.closest(".desk-nav");
      const [one, all] = [here.getBoundingClientRect(), nav.getBoundingClientRect()];
      nav.scrollLeft += one.left + one.width / 2 - (all.left + all.width / 2);
    }
  });

  // <button data-copy="#id">: copies the text of an element.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = document.querySelector(button.dataset.copy);
    if (!source) return;
    await navigator.clipboard.writeText((source.value ?? source.textContent).trim());
    button.classList.add("is-copied");
  });
})();
