// Le score de la salle, qui se refait à mesure que les parties finissent.

import { bar } from "./bars.js";
import { $ } from "./page.js";
import { printed } from "./prose.js";

const EVERY = 3000; // millisecondes

async function refresh() {
  try {
    const { games, visitors, network } = await (await fetch("../api/jeu/salle")).json();
    $("games").textContent = printed(games ? `${games} ${games > 1 ? "parties finies" : "partie finie"}` : "Aucune partie n’est encore finie.");
    $("scores").hidden = !games;
    for (const [id, value] of Object.entries({ visitors, network })) {
      if (games) $(id).replaceChildren(bar(value / 2.5), `${value.toLocaleString("fr", { maximumFractionDigits: 2 })} bit par mot`);
    }
  } catch {
    $("games").textContent = "La page ne répond plus : les scores n’avancent pas.";
  }
  setTimeout(refresh, EVERY);
}

refresh();
