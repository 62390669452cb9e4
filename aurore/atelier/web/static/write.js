// La page, quand JavaScript est là : le texte paraît token par token, on voit entre quoi le réseau hésite, et l'on choisit à sa place.
// Tout ce qui vient d'un visiteur ou du réseau entre dans la page par `textContent` : rien ne s'en exécute.

import { post } from "./ask.js";
import { linked, offerCard } from "./card.js";
import { events } from "./events.js";
import { beforeAndAfter, fillFields, models, prompt, seed, settings, showField, showModels } from "./form.js";
import { hideHesitation, showHesitation } from "./hesitation.js";
import { compareNextWords, hideNextWords } from "./next_words.js";
import { oneWordAtATime } from "./one_word.js";
import { $, loaded, randomSeed, sentenceOf } from "./page.js";
import { printed } from "./prose.js";
import { add, draw, finish, plain, text } from "./story.js";
import { keepScreen, lastScreen, remember, visited } from "./visit.js";

const KEEP = 1000; // millisecondes entre deux sauvegardes de ce qui s'écrit
const ENDINGS = {
  length: "La phrase n’est pas finie : « Continuer » la reprend.",
  stop: "Le réseau a mis le point final.",
  sentence: "",
};

let stories = []; // ce qui est à l'écran : un texte, ou deux côte à côte
let writing = null; // de quoi interrompre ce qui s'écrit
let following = false; // la page suit le texte qui s'écrit, tant que la personne ne la fait pas défiler

document.body.classList.add("js");
showVisit();
showLastText();
waitForModel().then(writeWhatTheLinkAsks);

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  begin();
});
$("beginnings").addEventListener("click", (event) => {
  if (!event.target.value) return;
  event.preventDefault();
  $("amorce").value = event.target.value;
  $("amorce").dispatchEvent(new Event("input", { bubbles: true }));
  begin();
});
$("facing").addEventListener("click", () => {
  say("");
  compareNextWords(prompt(), beforeAndAfter()).catch(failed);
});
$("one-word").addEventListener("click", startOneWord);
$("stop").addEventListener("click", () => writing?.abort());
$("continue").addEventListener("click", () => {
  const [only] = models();
  const next = (story) => ({ ...story, settings: settings(), tokens: story.tokens.slice(), finish: null, rewritable: false });
  run(stories.map((story) => ({ ...next(story), model: stories.length > 1 ? story.model : only })));
});
$("again").addEventListener("click", () => begin({ from: stories[0].prompt, differently: true }));
$("copy").addEventListener("click", copy);
$("card").addEventListener("click", () => offerCard(stories));
$("colours").addEventListener("change", showColours);
$("amorce").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("form").requestSubmit();
});
for (const gesture of ["wheel", "touchmove", "keydown"]) addEventListener(gesture, () => (following = false), { passive: true });

function writeWhatTheLinkAsks() {
  if (!linked()) return;
  fillFields(linked());
  history.replaceState(null, "", location.pathname + location.search); // recharger la page gardera ce texte, sans le refaire
  begin();
}

/** Un texte neuf, ou deux avec la même graine, d'après le formulaire tel qu'il est ; `differently` : et non le même qu'à l'écran. */
function begin({ from = prompt(), force = false, differently = false } = {}) {
  const same = { seed: seed(), settings: settings(), prompt: from, rewritable: true };
  const next = models().map((model) => ({ ...same, model, tokens: [], quotations: [] }));
  const asked = (texts) => JSON.stringify(texts.map(({ seed, settings, model }) => [seed, settings, model]));
  if (differently && asked(next) === asked(stories)) {
    const other = randomSeed();
    next.forEach((story) => (story.seed = other));
  }
  run(next, { force });
}

/** Montre ces textes, et fait écrire la suite de chacun, ou d'un seul (`only`), à mesure. */
async function run(next, { force = true, only } = {}) {
  interrupt();
  const control = (writing = new AbortController());
  say("");
  display(next);
  busy(true);
  following = true;
  const start = performance.now();
  const saving = setInterval(keep, KEEP);
  try {
    await waitForModel(control.signal);
    const counts = await Promise.all((only ? [only] : stories).map((story) => write(story, force, control.signal)));
    const count = counts.reduce((sum, each) => sum + each, 0), seconds = (performance.now() - start) / 1000;
    const how = stories.length === 1 ? ENDINGS[stories[0].finish] ?? "" : "";
    $("spoken").textContent = stories.map((story) => printed(text(story))).join(" ");
    tell(`Le texte est écrit : ${count} tokens en ${seconds.toFixed(1).replace(".", ",")} s. ${how}`);
  } catch (error) {
    if (writing === control) failed(error, control);
    control.abort();
  } finally {
    clearInterval(saving);
  }
  if (writing !== control) return; // un autre texte a commencé entre-temps
  writing = null;
  stories.forEach((story) => story.section.classList.remove("writing"));
  if (!keep()) display([]);
  busy(false);
  if (document.activeElement === document.body) ($("texte") ? $("continue") : $("write")).focus({ preventScroll: true });
}

function failed(error, control) {
  if (control?.signal.aborted) tell("Arrêté : ce qui est écrit reste.");
  else say(sentenceOf(error), error);
}

/** Autre chose commence : ce qui s'écrivait s'arrête là, et se garde. */
function interrupt() {
  if (!writing) return;
  writing.abort();
  writing = null;
  keep();
}

/** Demande une suite au serveur, et l'ajoute token par token ; renvoie combien il en est venu. */
async function write(story, force, signal) {
  const before = story.tokens.length;
  const asked = { ...story.settings, prompt: text(story), seed: story.seed, model: story.model || null, inside_word: before > 0 };
  const answer = await post("api/generate", { ...asked, force, stream: true, sentence: true, slide: true }, signal);
  story.section.classList.add("writing");
  let done = null;
  for await (const { name, content } of events(answer.body)) {
    if (name === "place") tell(queued(content.place - 1));
    else if (name === "token") add(story, content), tell("Le réseau écrit…"), follow(story);
    else if (name === "done") done = content;
  }
  if (!done) throw {};
  if (done.error) throw { sentence: done.error };
  finish(story, done, before);
  return done.new_tokens;
}

function queued(before) {
  if (!before) return "Le réseau lit votre début…";
  return before === 1 ? "Une autre histoire passe avant la vôtre." : `${before} autres histoires passent avant la vôtre.`;
}

function follow(story) {
  if (following && story === stories[0]) story.output.lastElementChild.scrollIntoView({ block: "nearest" });
}

/** Met ces textes à l'écran, à la place de ceux qui y étaient. */
function display(next) {
  stories = next;
  stories.forEach((story, index) => draw(story, index, stories.length > 1 ? ["Avant", "Après"][index] : ""));
  $("stories").replaceChildren(...stories.map((story) => story.section));
  document.querySelector("main").classList.toggle("wide", stories.length > 1);
  hideHesitation();
  hideNextWords();
  $("one-word-panel").hidden = true;
}

function startOneWord() {
  interrupt();
  say("");
  const [model] = models();
  display([{ seed: seed(), settings: settings(), prompt: prompt(), model, tokens: [], quotations: [], rewritable: false }]);
  busy(false);
  const [story] = stories;
  oneWordAtATime(story, { changed: keep, failed, stop: () => run([{ ...story, tokens: story.tokens.slice(), finish: null }]) });
}

// Un token sous la souris, ou sous le doigt, ou au clavier : ce que le réseau pouvait écrire à sa place.
$("stories").addEventListener("pointerover", ({ target }) => !writing && target.token && examine(target));
$("stories").addEventListener("focusin", ({ target }) => !writing && target.token && examine(target));
$("stories").addEventListener("keydown", (event) => {
  const { target, key } = event, tokens = target.token ? [...target.closest("output").querySelectorAll(".token")] : [];
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key];
  if (step) tokens[tokens.indexOf(target) + step]?.focus();
  else if (key === "Enter" || key === " ") $("hesitation").querySelector("button:enabled")?.focus();
  else if (key === "Home" || key === "End") tokens.at(key === "Home" ? 0 : -1)?.focus();
  else return;
  if (target.token) event.preventDefault();
});

function examine(element) {
  element.closest("output").querySelectorAll('[tabindex="0"]').forEach((other) => (other.tabIndex = -1));
  element.tabIndex = 0;
  showHesitation(element, (alternative) => choose(element, alternative));
}

/** Le visiteur préfère un autre mot : le texte repart de là. */
function choose(element, { text: chosenText, probability }) {
  const { story, token } = element, place = story.tokens.indexOf(token);
  const other = { ...token, text: chosenText, printed: printed(chosenText), logprob: Math.log(probability), chosen: true };
  const next = { ...story, id: null, tokens: [...story.tokens.slice(0, place), other], quotations: [], finish: null, rewritable: false };
  run(stories.map((each) => (each === story ? next : each)), { only: next });
}

function busy(now) {
  $("write").disabled = now;
  $("stop").hidden = !now;
  $("tools").hidden = $("hint").hidden = now || !stories.some((story) => story.tokens.length);
  showColours();
}

function showColours() {
  $("stories").classList.toggle("coloured", $("colours").checked);
  $("scale").hidden = !$("colours").checked || !stories.length;
}

function tell(sentence) {
  if ($("status").textContent !== printed(sentence)) $("status").textContent = printed(sentence);
}

/** Ce qui ne va pas, et s'il y a lieu, de quoi passer outre. */
function say(sentence, { reason, field } = {}) {
  $("error").hidden = !sentence;
  $("error").replaceChildren(...(sentence ? [Object.assign(document.createElement("p"), { textContent: printed(sentence) })] : []));
  if (!sentence) return $("form").querySelectorAll("[aria-invalid]").forEach((each) => each.removeAttribute("aria-invalid"));
  tell("");
  if (["french", "insult"].includes(reason)) {
    const anyway = Object.assign(document.createElement("button"), { id: "anyway", type: "button", className: "button", textContent: "Écrire quand même" });
    anyway.addEventListener("click", () => begin({ force: true }));
    $("error").append(anyway);
  }
  if (["prompt", "french", "insult"].includes(reason)) {
    $("amorce").setAttribute("aria-invalid", "true");
    $("amorce").focus();
  }
  showField(field);
  $("error").scrollIntoView({ block: "nearest" });
}

async function copy() {
  const copied = stories.map((story) => printed(text(story))).join("\n\n");
  try {
    await navigator.clipboard.writeText(copied);
  } catch {
    // Le presse-papiers est réservé à https et à localhost ; ailleurs, l'ancienne façon.
    const area = Object.assign(document.createElement("textarea"), { value: copied });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  tell("Copié.");
}

/** Ce qui est à l'écran entre dans la liste de cette visite, à la place de ce qu'il continue ; faux s'il n'y a rien à garder. */
function keep() {
  if (!stories.some((story) => story.tokens.length)) return false;
  stories[0].id = stories[0].id ?? crypto.getRandomValues(new Uint32Array(1))[0];
  remember({ id: stories[0].id, stories: stories.map(plain) });
  keepScreen({ id: stories[0].id });
  showVisit();
  return true;
}

function showVisit() {
  const visit = visited().reverse();
  $("visit").hidden = !visit.length;
  $("texts").replaceChildren(
    ...visit.map(({ id, stories: saved }) => {
      const item = document.createElement("li"), words = saved.map((story) => printed(text(story)).slice(0, saved.length > 1 ? 80 : 160));
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: words.map((each) => `${each}…`).join(" ‖ ") });
      button.addEventListener("click", () => show({ id, stories: saved }));
      item.append(button);
      return item;
    }),
  );
}

/** Remet à l'écran un texte de cette visite. */
function show({ id, stories: saved }) {
  interrupt();
  display(saved.map((story) => ({ ...story, id })));
  busy(false);
  tell("");
  keepScreen({ id });
  $("texte").scrollIntoView({ block: "nearest" });
}

/** Un rechargement de la page n'emporte pas le texte qu'on lisait, ni celui qui s'écrivait. */
function showLastText() {
  const last = visited().find(({ id }) => id === lastScreen().id);
  if (last && !linked()) show(last);
}

/** Attend que le modèle soit chargé, en le disant. */
async function waitForModel(signal) {
  if ($("model").options.length) return;
  showModels(await loaded(() => tell("Le modèle se charge…"), signal));
  tell("");
}
