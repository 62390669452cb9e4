"""Un élément d'une page que conduit `browser.py` : ce qu'on y lit, ce qu'on y fait."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from browser import Browser

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # le nom que la norme donne à la référence d'un élément


class Element:
    """Un élément de la page."""

    def __init__(self, browser: Browser, reference: str):
        self.browser, self.reference = browser, reference

    def _ask(self, what: str, method: str = "GET", **body):
        return self.browser.command(method, f"element/{self.reference}/{what}", **body)

    def find(self, css: str) -> Element:
        return self._ask("element", "POST", using="css selector", value=css)

    def find_all(self, css: str) -> list[Element]:
        return self._ask("elements", "POST", using="css selector", value=css)

    def click(self) -> None:
        self._ask("click", "POST")

    def clear(self) -> None:
        self._ask("clear", "POST")

    def type(self, text: str) -> None:
        self._ask("value", "POST", text=text)

    @property
    def text(self) -> str:
        """Ce que la personne lit : pas ce qui est caché."""
        return self._ask("text")

    @property
    def visible(self) -> bool:
        return self.browser.run(
            "return arguments[0].checkVisibility({visibilityProperty: true, opacityProperty: true})", self
        )

    @property
    def enabled(self) -> bool:
        return self._ask("enabled")

    @property
    def label(self) -> str:
        """Le nom que lui donne un lecteur d'écran."""
        return self._ask("computedlabel")

    def attribute(self, name: str) -> str | None:
        return self._ask(f"attribute/{name}")

    def property(self, name: str):
        return self._ask(f"property/{name}")

    def css(self, name: str) -> str:
        return self._ask(f"css/{name}")

    def hover(self) -> None:
        self.browser.point(self)

    def tap(self) -> None:
        """Du doigt, sur un écran tactile."""
        self.browser.point(self, "touch", [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}])
