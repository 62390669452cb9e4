// Un texte à l'écran : son début, ses tokens, qui l'a écrit et avec quels réglages, ce qu'il récite.

import { modelTitle } from "./form.js";
import { made } from "./page.js";
import { printed } from "./prose.js";

const SCALE = [0.01, 0.05, 0.2, 0.5]; // les bornes de l'échelle des probabilités, celles que la légende dit

/** L'amorce et sa suite, telles que le réseau les relira. */
export const text = (story) => story.prompt + story.tokens.map((token) => token.text).join("");

/** Qui l'a écrit, et comment : de quoi le refaire. */
export function caption({ model, settings, seed }) {
  const decimal = (number) => Number(number).toLocaleString("fr");
  return [modelTitle(model), `température ${decimal(settings.temperature ?? 0.8)}`, `graine ${seed}`].join(" · ");
}

/** Dessine ce qu'un texte a déjà. `index` : son rang, de deux côte à côte ; `label` : « Avant » ou « Après », ou rien. */
export function draw(story, index, label) {
  story.section = made("section", { className: "story" });
  const title = made("h2", { textContent: label ? `${label} : ${modelTitle(story.model)}` : "", hidden: !label });
  story.output = made("output", { id: index ? `texte-${index + 1}` : "texte" });
  story.output.setAttribute("for", "amorce");
  story.output.setAttribute("aria-live", "off"); // lu d'un coup, à la fin, et non mot à mot : voir `run`
  story.output.setAttribute("aria-label", label ? `Le texte d’${label.toLowerCase()}` : "Le texte");
  const prompt = made("em", { className: "prompt", textContent: printed(story.prompt) });
  story.output.append(prompt, ...story.tokens.map((token, place) => span(story, token, place)));
  story.notes = made("p", { className: "originality" });
  story.caption = made("p", { className: "caption", textContent: printed(caption(story)) });
  story.section.append(title, story.output, story.notes, story.caption);
  markQuotations(story);
}

function span(story, token, place) {
  const probability = Math.exp(token.logprob);
  const element = made("span", { className: `token p${SCALE.filter((bound) => probability >= bound).length}${token.chosen ? " chosen" : ""}` });
  element.textContent = token.printed;
  element.tabIndex = place ? -1 : 0; // un seul arrêt de tabulation ; les flèches vont de l'un à l'autre
  return Object.assign(element, { story, token });
}

export function add(story, token) {
  story.tokens.push(token);
  story.output.append(span(story, token, story.tokens.length - 1));
}

/** Ce qu'on sait une fois le texte fini : où il se coupe, ce qu'il récite. `before` : combien de tokens il avait déjà. */
export function finish(story, done, before) {
  story.tokens.length = before + done.kept;
  story.finish = done.finish_reason;
  [...story.output.querySelectorAll(".token")].slice(before + done.kept).forEach((element) => element.remove());
  const start = story.tokens.slice(0, before).reduce((sum, token) => sum + token.text.length, 0);
  if (done.quotation) story.quotations.push({ ...done.quotation, start: done.quotation.start + start, end: done.quotation.end + start });
  story.section.classList.remove("writing");
  markQuotations(story);
}

/** Souligne ce qui se trouve tel quel dans les livres que le réseau a lus, et dit dans lequel. */
function markQuotations(story) {
  story.notes.replaceChildren();
  for (const quotation of story.quotations) {
    let end = 0;
    const inside = [...story.output.querySelectorAll(".token")].filter((element) => {
      const start = end;
      end += element.token.text.length;
      return end > quotation.start && start < quotation.end && !element.closest("mark");
    });
    if (inside.length) {
      const mark = made("mark", { className: "quotation", title: quotation.book });
      inside[0].before(mark);
      mark.append(...inside);
    }
    story.notes.append(printed(`Déjà écrit : « ${quotation.text} », ${quotation.words} mots qui se suivent dans `));
    story.notes.append(made("cite", { textContent: quotation.book }), ". ");
  }
}

/** Ce qui se garde d'un texte, sans ce qui le dessine. */
export const plain = ({ model, seed, settings, prompt, tokens, quotations, finish, rewritable }) => ({ model, seed, settings, prompt, tokens, quotations, finish, rewritable });
