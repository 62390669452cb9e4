// Le petit panneau d'un token : ce que le réseau pouvait écrire à sa place, ce que la température y change, et de quoi choisir.

import { ask } from "./ask.js";
import { bar, fill, percent, temperatureSlider, warmed } from "./bars.js";

const SHOWN = 8, PATIENCE = 200; // lignes ; millisecondes avant de demander au serveur : passer dessus n'est pas s'y arrêter
const panel = document.getElementById("hesitation"), spoken = document.getElementById("spoken"); // ce dernier, pour qui écoute la page
let examined = null, timer;

/** Un token comme on le lit : « …ent » s'il continue le mot qui finit `before`, et ce qu'il est s'il ne se lit pas. */
function readable(piece, before) {
  if (piece === "") return "fin du texte";
  if (piece.trim() === "") return piece.includes("\n") ? "à la ligne" : "espace";
  return `« ${/\p{L}$/u.test(before) && /^\p{L}/u.test(piece) ? "…" : ""}${piece.trim()} »`;
}

/** La moitié d'un caractère, la fin du texte ou une insulte ne se choisissent pas. */
const canBeChosen = (piece) => Boolean(piece.trim()) && !piece.includes("\ufffd") && !piece.includes("•");

/** Montre le panneau sous ce token. `choose` reçoit ce que le visiteur choisit. */
export function showHesitation(element, choose) {
  if (examined === element && !panel.hidden) return;
  hideHesitation();
  examined = element;
  element.classList.add("examined");
  const { token, story } = element, place = story.tokens.indexOf(token);
  const before = story.prompt + story.tokens.slice(0, place).map((each) => each.text).join("");
  const title = document.createElement("p"), list = document.createElement("ul");
  title.textContent = `${readable(token.text, before)} : ${percent(Math.exp(token.logprob))}${token.chosen ? ", votre choix" : token.alternatives[0].text === token.text ? ", le plus probable" : ""}`;
  const rows = (alternatives) => alternatives.slice(0, SHOWN).map((alternative) => alternativeRow(alternative, before, choose, token.text));
  list.append(...rows(token.alternatives));
  panel.replaceChildren(title, list);
  spoken.textContent = title.textContent;
  panel.hidden = false;
  setPlace(element);
  timer = setTimeout(async () => {
    try {
      const next = await ask("api/next", { prompt: before, model: story.model, inside_word: place > 0, slide: true, force: true });
      if (examined !== element || panel.contains(document.activeElement)) return;
      list.replaceChildren(...rows(next.alternatives));
      const slider = temperatureSlider(1, (rank) => { // 1 : les probabilités du réseau, telles quelles, comme au-dessus
        const probabilities = warmed(next, rank);
        [...list.children].forEach((item, index) => item.show(probabilities[index]));
      });
      list.after(slider);
      setPlace(element);
    } catch {
      // Le serveur est occupé : le panneau reste tel qu'il est, avec ce qui est venu avec le texte.
    }
  }, PATIENCE);
}

/** Un token possible et sa barre, à choisir s'il se peut ; `show` change sa probabilité. `own` : celui qui est dans le texte. */
export function alternativeRow(alternative, before, choose, own = null) {
  const item = document.createElement("li"), button = document.createElement("button"), figure = document.createElement("span");
  const track = bar(alternative.probability);
  item.show = (probability) => {
    fill(track, probability);
    figure.textContent = percent(probability);
  };
  item.show(alternative.probability);
  Object.assign(button, { type: "button", className: `alternative${alternative.text === own ? " own" : ""}` });
  button.append(Object.assign(document.createElement("span"), { textContent: readable(alternative.text, before) }), track, figure);
  button.disabled = alternative.text === own || !canBeChosen(alternative.text);
  button.addEventListener("click", () => choose(alternative));
  item.append(button);
  return item;
}

export function hideHesitation() {
  clearTimeout(timer);
  panel.hidden = true;
  examined?.classList.remove("examined");
  examined = null;
}

/** Sous la première ligne du token, sans sortir de l'écran. */
function setPlace(element) {
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
  if (!step || event.target.type === "range") return;
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
