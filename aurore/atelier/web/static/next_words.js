// Avant et après d'un coup d'œil : les mots que chacun des deux modèles attend ensuite, en barres face à face.

import { ask } from "./ask.js";
import { bar, percent } from "./bars.js";
import { modelTitle } from "./form.js";
import { made } from "./page.js";
import { printed } from "./prose.js";

const panel = document.getElementById("next-words");

export function hideNextWords() {
  panel.hidden = true;
}

/** Montre ce que ces deux modèles, avant et après, écriraient après `prompt`. Lance le refus du serveur, s'il y en a un. */
export async function compareNextWords(prompt, [before, after]) {
  const { words } = await ask("api/next-words", { prompt, slide: true });
  const most = Math.max(...words.flatMap((word) => [word.before, word.after]));
  const table = made("table", {}), head = table.createTHead().insertRow(), body = table.createTBody();
  table.createCaption().textContent = printed(`Après « ${prompt} », le mot suivant :`);
  for (const title of [`avant : ${modelTitle(before)}`, "", `après : ${modelTitle(after)}`]) {
    head.append(made("th", { scope: "col", textContent: title }));
  }
  for (const word of words) {
    const row = body.insertRow();
    row.insertCell().append(made("span", { className: "figure", textContent: percent(word.before) }), bar(word.before / most));
    row.append(made("th", { scope: "row", textContent: printed(word.word) }));
    row.insertCell().append(bar(word.after / most), made("span", { className: "figure", textContent: percent(word.after) }));
  }
  panel.replaceChildren(table);
  panel.hidden = false;
  panel.scrollIntoView({ block: "nearest" });
}
