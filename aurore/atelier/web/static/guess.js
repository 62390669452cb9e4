// Deviner le mot suivant d'une vraie phrase, essai après essai, à côté du réseau, qui devine aussi.

import { ask } from "./ask.js";
import { percent } from "./bars.js";
import { $, made, sentenceOf } from "./page.js";
import { printed } from "./prose.js";

const WORDS = Number($("game").dataset.words), CHOICES = Number($("game").dataset.choices);
let sentence = Math.floor(Math.random() * 1000), word = 0, ranks, asked, upcoming;

/** Ce que chaque mot a coûté jusque-là, en moyenne, en bits : le code adaptatif de `guess.py`. */
export function bits(tries) {
  const seen = Array(CHOICES).fill(1);
  let total = 0;
  return tries.map((rank, place) => {
    total -= Math.log2(seen[rank - 1] / seen.reduce((sum, count) => sum + count));
    seen[rank - 1] += 1;
    return total / (place + 1);
  });
}

async function begin() {
  word = 0;
  ranks = { visitor: [], network: [] };
  $("end").hidden = $("score").hidden = true;
  document.querySelectorAll("#score td").forEach((cell) => cell.remove());
  await show();
}

/** Montre ce qui précède le mot, et les quatre choix. */
async function show() {
  $("error").hidden = $("next").hidden = true;
  $("said").textContent = "Le réseau cherche aussi…";
  try {
    asked = await (upcoming ?? ask("api/jeu", { sentence, word }));
    upcoming = undefined;
  } catch (error) {
    upcoming = undefined;
    $("said").textContent = "";
    $("error").textContent = printed(sentenceOf(error));
    $("error").hidden = $("next").hidden = false;
    $("next").textContent = "Réessayer";
    return;
  }
  $("next").textContent = "Mot suivant";
  $("said").textContent = printed(`Mot ${word + 1} sur ${asked.words}. Quel est le mot suivant ?`);
  fillPassage();
  let tries = 0;
  const buttons = asked.choices.map((choice) => {
    const button = made("button", { type: "button", className: "button", textContent: printed(choice.word) });
    button.addEventListener("click", () => {
      tries += 1;
      button.disabled = true;
      if (choice.word === asked.answer) found(tries, buttons);
      else {
        $("said").textContent = printed(`Non, ce n’est pas « ${choice.word} ». Essayez encore.`);
        buttons.find((other) => !other.disabled).focus();
      }
    });
    return button;
  });
  $("choices").replaceChildren(...buttons);
  if (word) buttons[0].focus({ preventScroll: true });
}

function fillPassage(answer) {
  const before = made("span", { className: "before", textContent: printed(`${asked.before} `) });
  const after = answer ? made("b", { textContent: ` ${printed(answer)}` }) : made("span", { className: "gap" });
  $("passage").replaceChildren(before, printed(asked.shown), after, answer ? printed(asked.after) : "");
}

/** Le mot est trouvé, en tant d'essais : on dit ce que le réseau en pensait. */
function found(tries, buttons) {
  const right = asked.choices.find((choice) => choice.word === asked.answer).chance;
  const rank = 1 + asked.choices.filter((choice) => choice.chance > right).length;
  ranks.visitor.push(tries);
  ranks.network.push(rank);
  buttons.forEach((button, place) => {
    button.disabled = true;
    button.append(" ", made("small", { textContent: percent(asked.choices[place].chance) }));
    button.classList.toggle("right", asked.choices[place].word === asked.answer);
  });
  fillPassage(asked.answer);
  const first = asked.best.word === asked.answer ? "c’est aussi le mot qu’il attendait" : `il attendait plutôt « ${asked.best.word} » (${percent(asked.best.chance)})`;
  $("said").textContent = printed(`« ${asked.answer} », en ${tries} ${tries > 1 ? "essais" : "essai"}. Le réseau lui donnait ${percent(right)} : ${first}.`);
  $("score").hidden = false;
  [tries, rank].forEach((count, row) => ($("score").rows[row].insertCell().textContent = count));
  word += 1;
  if (word < asked.words) {
    upcoming = ask("api/jeu", { sentence, word }); // pendant qu'on lit
    upcoming.catch(() => {}); // `show` le dira
    $("next").hidden = false;
    $("next").focus({ preventScroll: true });
  } else end();
}

function end() {
  const [mine, its] = [bits(ranks.visitor), bits(ranks.network)];
  const last = (all) => all.at(-1).toLocaleString("fr", { maximumFractionDigits: 2 });
  const among = (all) => (2 ** all.at(-1)).toLocaleString("fr", { maximumFractionDigits: 1 });
  const winner = mine.at(-1) < its.at(-1) ? "Vous devinez mieux que lui." : mine.at(-1) > its.at(-1) ? "Il devine mieux que vous." : "Égalité.";
  $("result").textContent = printed(`Un mot vous a coûté ${last(mine)} ${mine.at(-1) < 2 ? "bit" : "bits"}, comme d’hésiter entre ${among(mine)} mots ; au réseau, ${last(its)}, entre ${among(its)}. ${winner}`);
  drawCurves(mine, its);
  $("end").hidden = false;
  $("end").scrollIntoView({ block: "nearest" });
  ask("api/jeu/score", ranks).catch(() => {}); // la salle s'en passera
}

/** Les deux coûts, mot après mot : le vôtre en trait plein, celui du réseau en tirets. */
function drawCurves(mine, its) {
  const canvas = $("curves"), pen = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
  const most = Math.max(2.2, ...mine, ...its), x = (place) => 60 + (place * (canvas.width - 80)) / (WORDS - 1), y = (value) => 280 - (250 * value) / most;
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.font = "20px serif";
  pen.fillStyle = style.getPropertyValue("--ink");
  for (const value of [0, 1, 2]) {
    pen.fillText(`${value} bit${value > 1 ? "s" : ""}`, 0, y(value) + 6);
    pen.fillRect(58, y(value), canvas.width - 78, 1);
  }
  for (const [values, dash, colour] of [[mine, [], "--accent"], [its, [8, 8], "--ink"]]) {
    pen.strokeStyle = style.getPropertyValue(colour);
    pen.lineWidth = 4;
    pen.setLineDash(dash);
    pen.beginPath();
    values.forEach((value, place) => pen.lineTo(x(place), y(value)));
    pen.stroke();
  }
  $("curves-said").textContent = printed("Le coût moyen d’un mot, mot après mot : vous en trait plein, le réseau en tirets.");
  canvas.setAttribute("aria-label", $("result").textContent);
}

$("next").addEventListener("click", show);
$("again").addEventListener("click", () => {
  sentence += 1;
  begin();
});
begin();
