// « Avant ou après ? » : deux suites à l'aveugle, dix manches, et le score de la salle.

import { ask } from "./ask.js";
import { $, loaded, made, randomSeed, sentenceOf } from "./page.js";
import { printed } from "./prose.js";

const ROUNDS = 10, LENGTH = 40, BY_CHANCE = ROUNDS / 2;
const round = $("round");
const beginnings = JSON.parse(round?.dataset.beginnings ?? "[]").sort(() => Math.random() - 0.5);
const titles = {};
let played = 0, right = 0, upcoming;

/** Les deux suites d'une manche, celle du modèle entraîné et celle du modèle de base, dans un ordre tiré au sort. */
async function prepare(number) {
  const health = await loaded();
  Object.assign(titles, health.titles);
  const [trained, base] = health.models, prompt = beginnings[number % beginnings.length];
  if (!base) throw { sentence: "Il faut deux modèles pour jouer : entraînez le vôtre à l’étape 3, puis relancez cette page." };
  const asked = { prompt, seed: randomSeed(), max_new_tokens: LENGTH, sentence: true };
  const texts = await Promise.all([trained, base].map(async (model) => ({ ...(await ask("api/generate", { ...asked, model })), prompt, hasRead: model === trained })));
  return Math.random() < 0.5 ? texts : texts.reverse();
}

function show(texts) {
  const sections = texts.map((text) => {
    const section = made("section", { className: "story" }), output = made("output"), vote = made("button", { type: "button", className: "button", textContent: "C’est lui qui a lu Sand" });
    output.append(made("em", { className: "prompt", textContent: printed(text.prompt) }), text.printed);
    vote.addEventListener("click", () => answer(text, texts, sections));
    section.append(output, vote);
    return section;
  });
  round.replaceChildren(...sections);
}

function answer(chosen, texts, sections) {
  played += 1;
  right += chosen.hasRead;
  texts.forEach((text, place) => {
    const label = made("p", { className: `verdict${text.hasRead ? " read" : ""}`, textContent: printed(`${text.hasRead ? "A lu Sand" : "N’a pas lu Sand"} : ${titles[text.model]}`) });
    sections[place].querySelector("button").replaceWith(label);
  });
  const score = `${right} sur ${played}`;
  const end = right > BY_CHANCE + 2 ? "George Sand s’entend." : right < BY_CHANCE - 2 ? "Le réseau vous a bien trompés." : `À pile ou face, on en attend ${BY_CHANCE}.`;
  $("score").textContent = printed(played < ROUNDS ? `${chosen.hasRead ? "Juste !" : "Non."} La salle : ${score}.` : `Score de la salle : ${score}. ${end}`);
  $("next").textContent = played < ROUNDS ? "Manche suivante" : "Rejouer";
  $("next").hidden = false;
  $("next").focus({ preventScroll: true });
}

async function play() {
  if (played === ROUNDS) {
    [played, right] = [0, 0];
    $("score").textContent = "Dix manches : on recommence.";
  }
  $("next").hidden = true;
  $("error").hidden = true;
  $("status").textContent = `Manche ${played + 1} : les deux réseaux écrivent…`;
  try {
    show(await (upcoming ?? prepare(played)));
    upcoming = prepare(played + 1); // pendant que la salle lit
    upcoming.catch(() => (upcoming = undefined));
    $("status").textContent = `Manche ${played + 1} sur ${ROUNDS}`;
  } catch (error) {
    upcoming = undefined;
    $("status").textContent = "";
    $("error").textContent = printed(sentenceOf(error));
    $("error").hidden = $("next").hidden = false;
  }
}

$("next")?.addEventListener("click", play);
