// Le petit panneau d'un token : sa probabilité, ce que le réseau pouvait écrire à sa place, et de quoi le choisir.

const panel = document.getElementById("hesitation"), spoken = document.getElementById("spoken"); // ce dernier, pour qui écoute la page
let examined = null;

const shown = (probability) => `${(100 * probability).toLocaleString("fr", { maximumFractionDigits: probability < 0.01 ? 2 : 1 })} %`;

/** Un token comme on le lit : « …ent » s'il continue le mot qui finit `before`, et ce qu'il est s'il ne se lit pas. */
function readable(piece, before) {
  if (piece === "") return "fin du texte";
  if (piece.trim() === "") return piece.includes("\n") ? "à la ligne" : "espace";
  return `« ${/\p{L}$/u.test(before) && /^\p{L}/u.test(piece) ? "…" : ""}${piece.trim()} »`;
}

/** Montre le panneau sous ce token. `choose` reçoit ce que le visiteur choisit. */
export function showHesitation(element, choose) {
  if (examined === element && !panel.hidden) return;
  hideHesitation();
  examined = element;
  element.classList.add("examined");
  const { token, story } = element, before = story.tokens[story.tokens.indexOf(token) - 1]?.text ?? story.prompt;
  const title = document.createElement("p");
  title.textContent = `${readable(token.text, before)} : ${shown(Math.exp(token.logprob))}${token.chosen ? ", votre choix" : token.alternatives[0].text === token.text ? ", le plus probable" : ""}`;
  const list = document.createElement("ul");
  for (const alternative of token.alternatives) {
    const item = document.createElement("li"), button = document.createElement("button");
    Object.assign(button, { type: "button", className: `alternative${alternative.text === token.text ? " own" : ""}` });
    button.append(
      Object.assign(document.createElement("span"), { textContent: readable(alternative.text, before) }),
      Object.assign(document.createElement("span"), { textContent: shown(alternative.probability) }),
    );
    // La moitié d'un caractère, ou la fin du texte, ne se continue pas.
    button.disabled = alternative.text === token.text || !alternative.text.trim() || alternative.text.includes("\ufffd") || alternative.text.includes("•");
    button.addEventListener("click", () => choose(alternative));
    item.append(button);
    list.append(item);
  }
  panel.replaceChildren(title, list);
  spoken.textContent = title.textContent;
  panel.hidden = false;
  place(element);
}

export function hideHesitation() {
  panel.hidden = true;
  examined?.classList.remove("examined");
  examined = null;
}

/** Sous la première ligne du token, sans sortir de l'écran. */
function place(element) {
  const line = element.getClientRects()[0], room = document.documentElement.clientWidth;
  panel.style.left = `${Math.max(8, Math.min(line.left, room - panel.offsetWidth - 8)) + scrollX}px`;
  panel.style.top = `${line.bottom + 4 + scrollY}px`;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || panel.hidden) return;
  const back = panel.contains(document.activeElement) ? examined : null;
  hideHesitation();
  back?.focus({ preventScroll: true });
  if (back) hideHesitation(); // y revenir ne le rouvre pas
});
panel.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const buttons = [...panel.querySelectorAll("button:enabled")];
  buttons[buttons.indexOf(document.activeElement) + step]?.focus();
});
document.addEventListener("pointerdown", ({ target }) => {
  if (!panel.contains(target) && !target.token) hideHesitation();
});
document.addEventListener("focusin", ({ target }) => {
  if (!panel.contains(target) && !target.token && target !== document.body) hideHesitation();
});
addEventListener("resize", hideHesitation);
