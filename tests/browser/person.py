"""Someone in front of a browser: knows addresses and fields, not words, so works in every language."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection

from playwright.sync_api import Browser, Locator, Page, expect

#: Of people who exist for the length of a test.
PASSWORD = "correct-horse-9"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
RIGHT_TO_LEFT = {"ar", "ckb"}
#: Of a message that brings one.
CODE = r"\b(\d{6})\b"


def new_phone() -> str:
    """A number of Zain Iraq that nobody has yet, as people write it."""
    return f"0780{secrets.randbelow(10**7):07d}"


class Person:
    """One browser with cookies of its own. ``faults`` collects what no page may do."""

    def __init__(self, browser: Browser, shop_url: str, *, language: str, phone_screen: bool = False) -> None:
        self.shop_url = shop_url
        self.language = language
        self.faults: list[str] = []
        self.context = browser.new_context(viewport=NARROW if phone_screen else WIDE)  # type: ignore[arg-type]
        self.context.set_default_timeout(15_000)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))
        self.page.on("response", self._answered)
        self._choose_language()

    def _choose_language(self) -> None:
        """By the switch in the header, also for Arabic: signing in then leaves the choice alone."""
        self.page.goto(self.shop_url + "/")
        with self.page.expect_navigation():
            self.page.evaluate(
                "language => document.querySelector("
                "`form[action='/language/'] button[name=language][value=${language}]`).click()",
                self.language,
            )
        self.check_page()

    def close(self) -> None:
        self.context.close()

    # What every page must be ------------------------------------------------------------------
    def _heard(self, message: object) -> None:
        if getattr(message, "type", "") == "error" and "status of 4" not in getattr(message, "text", ""):
            self.faults.append(f"{self.page.url}: {message.text}")  # type: ignore[attr-defined]

    def _answered(self, response: object) -> None:
        if response.status >= 500 or (  # type: ignore[attr-defined]
            response.status == 404 and re.search(r"/(static|media)/", response.url)  # type: ignore[attr-defined]
        ):
            self.faults.append(f"{response.status} {response.url}")  # type: ignore[attr-defined]

    def check_page(self) -> None:
        html = self.page.locator("html")
        expect(html).to_have_attribute("lang", self.language)
        expect(html).to_have_attribute("dir", "rtl" if self.language in RIGHT_TO_LEFT else "ltr")
        overflow = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if overflow > 1:
            self.faults.append(f"{self.page.url}: {overflow} px wider than the screen")

    # Moving about -----------------------------------------------------------------------------
    def go(self, path: str) -> Person:
        response = self.page.goto(self.shop_url + path)
        assert response is not None
        assert response.status < 400, f"{response.status} {path}"
        self.check_page()
        return self

    def status_of(self, path: str) -> int:
        return self.context.request.get(self.shop_url + path, max_redirects=0).status

    def form(self, action: str) -> Locator:
        """The form that posts to an address ending so, or to the page itself for an empty one."""
        if action:
            return self.page.locator(f"main form[action$='{action}']").first
        return self.page.locator("main form[method=post]:not([action])").first

    def fill(self, action: str, **values: str) -> None:
        form = self.form(action)
        for name, value in values.items():
            field = form.locator(f"[name='{name}']").first
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)

    def send(self, action: str, **values: str) -> None:
        """Fill a form and press its button; the page that comes is checked."""
        self.fill(action, **values)
        with self.page.expect_navigation():
            self.form(action).locator("button:not([type=button])").last.click()
        self.check_page()

    def follow(self, href: str) -> None:
        with self.page.expect_navigation():
            self.page.locator(f"main a[href*='{href}']:visible").first.click()
        self.check_page()

    @property
    def text(self) -> str:
        return self.page.locator("main").inner_text()

    def number_in(self, selector: str) -> int:
        """The whole number that an element shows, its grouping left out."""
        digits = re.sub(r"\D", "", self.page.locator(selector).first.inner_text())
        return int(digits)

    # Accounts ---------------------------------------------------------------------------------
    def sign_up(self, *, phone: str, name: str, landing: str = "/") -> Person:
        self.go(f"/accounts/signup/?next={landing}")
        self.send("/accounts/signup/", contact=phone, name=name, password1=PASSWORD)
        code = self.newest_code(phone)
        self.send("/accounts/phone/verify/", code=code)
        assert self.page.url.endswith(landing), self.page.url
        return self

    def sign_in(self, *, login: str, password: str = PASSWORD, landing: str = "/") -> Person:
        self.go(f"/accounts/login/?next={landing}")
        self.send("/accounts/login/", login=login, password=password)
        assert self.page.url.endswith(landing), self.page.url
        return self

    def newest_code(self, phone: str, *, but_for: Collection[str] = ()) -> str:
        """The code in the newest message that the demo's phone received, other than those known before."""
        return self.newest_message(phone, CODE, but_for=but_for)

    def codes_so_far(self, phone: str) -> list[str]:
        """In the messages that arrived already: who waits for another one must not take these for it."""
        return self._messages(phone, CODE)

    def newest_message(self, phone: str, pattern: str, *, but_for: Collection[str] = ()) -> str:
        """A part of the newest message that fits; messages arrive within seconds."""
        for _ in range(40):
            for found in self._messages(phone, pattern):
                if found not in but_for:
                    return found
            self.page.wait_for_timeout(250)
        raise AssertionError(f"no message to {phone} like {pattern}")

    def _messages(self, phone: str, pattern: str) -> list[str]:
        page = self.context.new_page()
        try:
            page.goto(f"{self.shop_url}/demo/phone/?to={phone}")
            texts = page.locator("[data-phone-message] p").all_inner_texts()
        finally:
            page.close()
        return [found.group(1) for text in texts if (found := re.search(pattern, text))]
