// A button that shows what was typed into a password field; without JavaScript the field is a plain one.
"use strict";
for (const input of document.querySelectorAll('input[type="password"][data-password="show"]')) {
  const [show, hide] = (document.querySelector("meta[name=password-words]")?.content || "👁|👁").split("|");
  const group = document.createElement("div");
  group.className = "input-group";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-outline-secondary";
  button.textContent = show;
  button.setAttribute("aria-pressed", "false");
  input.replaceWith(group);
  group.append(input, button);
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.textContent = shown ? show : hide;
    button.setAttribute("aria-pressed", String(!shown));
    input.focus();
  });
}
