// Une carte à garder : le texte, ce qui l'a écrit, en une image ; et une adresse qui le refait sur la même machine.

import { SETTINGS } from "./form.js";
import { $ } from "./page.js";
import { printed } from "./prose.js";
import { caption, text } from "./story.js";

const FIELDS = { amorce: "prompt", seed: "seed", model: "model" };
const WIDTH = 1200, MARGIN = 110, SIZE = 40, LINE = 62, SVG = "http://www.w3.org/2000/svg"; // en unités de l'image
const FONT = "Palatino, 'Palatino Linotype', 'Book Antiqua', Georgia, serif";

/** Ce que l'adresse de la page demande d'écrire, ou rien. */
export function linked() {
  const asked = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  return asked.amorce ? asked : null;
}

/** L'adresse qui écrit de nouveau ce texte. */
function link(story) {
  const fields = Object.entries(FIELDS).map(([field, name]) => [field, story[name]]);
  const settings = SETTINGS.map((name) => [name, story.settings[name]]).filter(([, value]) => value !== undefined);
  return `${location.href.split("#")[0]}#${new URLSearchParams([...fields, ...settings])}`;
}

/** Ouvre de quoi nommer la carte, l'enregistrer, et copier l'adresse. */
export function offerCard(stories) {
  const panel = $("card-panel");
  panel.hidden = false;
  $("card-link-part").hidden = !stories[0].rewritable;
  $("card-link").value = stories[0].rewritable ? link(stories[0]) : "";
  $("card-save").onclick = () => save(stories);
  $("card-name").focus({ preventScroll: true });
  panel.scrollIntoView({ block: "nearest" });
}

function save(stories) {
  const picture = new Blob([card(stories, $("card-name").value.trim())], { type: "image/svg+xml" });
  const anchor = Object.assign(document.createElement("a"), { href: URL.createObjectURL(picture), download: "aurore.svg" });
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 1000);
}

/** La carte, en SVG. `name` : à qui est le réseau ; vide, on ne le dit pas. */
export function card(stories, name) {
  const picture = document.createElementNS(SVG, "svg");
  let y = MARGIN + SIZE;
  const put = (words, { size = SIZE, colour = "#2b2320", style = "normal" } = {}) => {
    for (const line of lines(words, size)) {
      const element = document.createElementNS(SVG, "text");
      const places = { x: MARGIN, y, "font-size": size, fill: colour, "font-style": style, "font-family": FONT };
      for (const [attribute, value] of Object.entries(places)) element.setAttribute(attribute, value);
      element.textContent = line;
      picture.append(element);
      y += (LINE * size) / SIZE;
    }
  };
  for (const story of stories) {
    put(printed(text(story)));
    y += LINE / 2;
    put(printed(caption(story)), { size: 26, colour: "#62554a", style: "italic" });
    y += LINE / 2;
  }
  put(printed(name ? `Écrit par le réseau de ${name}` : "Écrit par Aurore, un réseau de neurones"), { size: 30, colour: "#7a1f1f" });
  const height = y + MARGIN - LINE / 2, frame = document.createElementNS(SVG, "rect");
  const box = { x: 30, y: 30, width: WIDTH - 60, height: height - 60, fill: "#fdf9ee", stroke: "#cbbd9f", "stroke-width": 3 };
  for (const [attribute, value] of Object.entries(box)) frame.setAttribute(attribute, value);
  picture.prepend(frame);
  picture.setAttribute("viewBox", `0 0 ${WIDTH} ${height}`);
  return new XMLSerializer().serializeToString(picture);
}

/** Le texte en lignes qui tiennent dans la carte. */
function lines(words, size) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `${size}px ${FONT}`;
  return words.split("\n").flatMap((paragraph) => {
    const found = [""];
    for (const word of paragraph.split(" ")) {
      const longer = found.at(-1) ? `${found.at(-1)} ${word}` : word;
      if (pen.measureText(longer).width <= WIDTH - 2 * MARGIN || !found.at(-1)) found[found.length - 1] = longer;
      else found.push(word);
    }
    return found;
  });
}
