// Un mot à la fois : les dix tokens que le réseau attend le plus, un dé, et la salle choisit.

import { ask } from "./ask.js";
import { temperatureSlider, warmed } from "./bars.js";
import { alternativeRow } from "./hesitation.js";
import { made } from "./page.js";
import { printed } from "./prose.js";
import { add, text } from "./story.js";

const CANDIDATES = 10;
const panel = document.getElementById("one-word-panel");

/** Fait choisir la suite de `story`, token par token. `changed` : après chacun ; `stop` : le réseau finit seul ; `failed` : un refus. */
export async function oneWordAtATime(story, { changed, stop, failed }) {
  const title = made("p", { textContent: printed("Ce que le réseau attend ensuite. Choisissez, ou lancez le dé : il tire selon ces probabilités.") });
  const list = made("ol", { className: "candidates" }), actions = made("p", { className: "actions" });
  const dice = made("button", { type: "button", className: "button", id: "dice", textContent: "Lancer le dé" });
  const alone = made("button", { type: "button", className: "button", textContent: "Que le réseau finisse" });
  let temperature = story.settings.temperature ?? 0.8, next;

  const asked = () => ({ prompt: text(story), model: story.model, inside_word: story.tokens.length > 0, slide: true, force: true });
  const show = (rank) => {
    temperature = rank / 10;
    const probabilities = warmed(next, rank);
    [...list.children].forEach((item, index) => item.show(probabilities[index]));
  };
  const refresh = async () => {
    panel.classList.add("waiting");
    next = await ask("api/next", asked());
    list.replaceChildren(...next.alternatives.slice(0, CANDIDATES).map((alternative) => alternativeRow(alternative, text(story), choose)));
    actions.replaceChildren(dice, alone, temperatureSlider(temperature, show));
    panel.classList.remove("waiting");
  };
  const put = async (tokens) => {
    try {
      for (const token of tokens) add(story, token);
      story.output.lastElementChild.scrollIntoView({ block: "nearest" });
      changed();
      await refresh();
    } catch (error) {
      failed(error);
    }
  };

  const choose = ({ text, probability }) =>
    put([{ text, printed: printed(text), logprob: Math.log(probability), alternatives: next.alternatives, chosen: true }]);
  dice.addEventListener("click", async () => {
    try {
      // Trois tokens, dont on garde jusqu'au premier qui se lise : un retour à la ligne, une moitié de caractère ne comptent pas.
      const drawn = await ask("api/generate", { ...asked(), temperature, top_p: story.settings.top_p, max_new_tokens: 3, logprobs: true });
      await put(drawn.tokens.slice(0, 1 + Math.max(0, drawn.tokens.findIndex((token) => token.text.trim()))));
      dice.focus({ preventScroll: true });
    } catch (error) {
      failed(error);
    }
  });
  alone.addEventListener("click", () => {
    panel.hidden = true;
    stop();
  });

  panel.replaceChildren(title, list, actions);
  panel.hidden = false;
  try {
    await refresh();
    panel.scrollIntoView({ block: "nearest" });
  } catch (error) {
    panel.hidden = true;
    failed(error);
  }
}
