// The box for codes: groups digits as they are typed, tells a mistyped code before it is sent, and takes
// the code of a QR from the address. The page works without this file: the server checks the same.
(() => {
  "use strict";
  const form = document.querySelector("form[data-redeem]");
  if (!form) return;
  const field = form.elements.namedItem("code");
  const hint = form.querySelector("[data-redeem-hint]");
  const keyboard = form.querySelector("[data-redeem-keyboard]");
  const GROUP = 3, LEAST = 16, MOST = 24, VOUCHER_SYMBOLS = 12, CARD_SYMBOLS = 16, PAUSE_MS = 900;
  const USUAL = Number(form.dataset.usualDigits);
  // The same tables as points_payment/codes.py and voucher_codes.py.
  const DAMM = [
    "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
  ];
  const SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const BETWEEN = /[\s\-_.\u00ad\u2010-\u2015\u2212\u0640\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

  const plain = (text) => text
    .replace(/[٠-٩]/g, (digit) => digit.charCodeAt(0) - 0x660)
    .replace(/[۰-۹]/g, (digit) => digit.charCodeAt(0) - 0x6f0)
    .replace(BETWEEN, "");
  const inGroups = (digits) => digits.replace(new RegExp(`\\d{${GROUP}}(?=\\d)`, "g"), "$& ");

  const dammHolds = (digits) => {
    let interim = 0;
    for (const digit of digits) interim = Number(DAMM[interim][digit]);
    return interim === 0;
  };
  const symbolHolds = (code) => {
    let interim = 0;
    for (const symbol of code.slice(0, -1)) {
      const value = SYMBOLS.indexOf(symbol);
      if (value < 0) return false;
      interim = (interim ^ value) << 1;
      if (interim > 31) interim ^= 0b100101;
    }
    return SYMBOLS[interim] === code[code.length - 1];
  };

  // "complete", "mistyped", or "" for what cannot be told here: a code whose check is the server's.
  const verdict = (code) => {
    if (/^\d+$/.test(code)) {
      const holds = dammHolds(code) || (code.length === CARD_SYMBOLS && symbolHolds(code));
      return code.length >= LEAST && code.length <= MOST && holds ? "complete" : "mistyped";
    }
    // Vouchers and cards with letters end in a symbol of the same kind.
    const symbols = code.toUpperCase().replace(/O/g, "0").replace(/[IL]/g, "1");
    if (!/^[0-9A-Z]+$/.test(symbols) || ![VOUCHER_SYMBOLS, CARD_SYMBOLS].includes(symbols.length)) return "";
    return symbolHolds(symbols) ? "complete" : "mistyped";
  };

  const say = (state) => {
    const words = state === "mistyped" ? form.dataset.mistyped : state === "complete" ? form.dataset.complete : "";
    if (hint.textContent !== words) hint.textContent = words;
    hint.classList.toggle("text-danger", state === "mistyped");
    hint.classList.toggle("text-success", state === "complete");
    field.classList.toggle("is-invalid", state === "mistyped");
    if (state === "mistyped") field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  };
  // What the server said is about the code before.
  const forgetAnswer = () => form.querySelector(".invalid-feedback")?.remove();

  let pause = 0;
  const judge = () => {
    clearTimeout(pause);
    const code = plain(field.value);
    const state = code ? verdict(code) : "";
    say(state);
    return state;
  };

  // Digits stand in groups; the caret stays behind the digit behind which it was.
  const group = () => {
    const code = plain(field.value);
    if (!/^\d+$/.test(code)) return;
    const grouped = inGroups(code);
    if (grouped === field.value) return;
    let before = plain(field.value.slice(0, field.selectionStart)).length;
    field.value = grouped;
    let caret = 0;
    for (; before > 0; caret++) if (grouped[caret] !== " ") before--;
    if (document.activeElement === field) field.setSelectionRange(caret, caret);
  };

  const typed = (event) => {
    // A keyboard that composes still owns the text.
    if (event.isComposing) return;
    group();
    forgetAnswer();
    clearTimeout(pause);
    const code = plain(field.value);
    const state = code ? verdict(code) : "";
    const usual = /^\d+$/.test(code) ? USUAL : 12;
    // One code in ten is right without its last digit too, a 0: it is not complete before it is as long as most.
    const early = code.length < usual && event.inputType !== "insertFromPaste";
    if ((state === "complete" && !early) || event.inputType === "insertFromPaste") say(state);
    else {
      say("");
      // Longer codes exist: who goes on typing is not interrupted.
      if (state && (state === "complete" || code.length >= usual)) pause = setTimeout(judge, PAUSE_MS);
    }
  };
  field.addEventListener("input", typed);
  field.addEventListener("compositionend", typed);
  field.addEventListener("change", judge);
  form.addEventListener("submit", (event) => {
    group();
    if (judge() !== "mistyped") return;
    event.preventDefault();
    field.focus();
  });
  field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") || ""} ${hint.id}`.trim());

  // Phones: keys of digits for cards; whoever has a voucher asks for letters.
  const showKeys = (digits) => {
    field.inputMode = digits ? "numeric" : "text";
    keyboard.textContent = digits ? form.dataset.letters : form.dataset.digits;
  };
  keyboard.hidden = false;
  showKeys(!/[a-z]/i.test(field.value));
  keyboard.addEventListener("click", () => {
    showKeys(field.inputMode !== "numeric");
    field.focus();
  });

  // A QR opens the page with #c=CODE, which no server sees. It leaves the address at once.
  const takeFragment = () => {
    const code = new URLSearchParams(location.hash.slice(1)).get("c");
    if (code === null) return;
    history.replaceState(history.state, "", location.pathname + location.search);
    field.value = code.slice(0, field.maxLength > 0 ? field.maxLength : 80);
    forgetAnswer();
    group();
    judge();
  };
  window.addEventListener("hashchange", takeFragment);
  takeFragment();
  if (field.value && !form.querySelector(".invalid-feedback")) {
    group();
    judge();
  }
})();
