// La page, quand JavaScript est là : le texte paraît token par token, on voit entre quoi le réseau hésite, et l'on choisit à sa place.
// Tout ce qui vient d'un visiteur ou du réseau entre dans la page par `textContent` : rien ne s'en exécute.

import { events } from "./events.js";
import { hideHesitation, showHesitation } from "./hesitation.js";
import { printed } from "./prose.js";
import { remember, visited } from "./visit.js";

const $ = (id) => document.getElementById(id);
const SCALE = [0.01, 0.05, 0.2, 0.5]; // les bornes de l'échelle des probabilités, celles que la légende dit
const ENDINGS = { length: "", stop: "Le réseau a mis le point final.", sentence: "Coupé à la fin d'une phrase." };

let stories = []; // ce qui est à l'écran : un texte, ou deux côte à côte
let writing = null; // de quoi interrompre ce qui s'écrit

document.body.classList.add("js");
waitForModel();
showVisit();

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  begin(false);
});
$("stop").addEventListener("click", () => writing?.abort());
$("continue").addEventListener("click", () => run(stories.map((story) => ({ ...story, tokens: story.tokens.slice(), finish: null }))));
$("again").addEventListener("click", () => {
  const seed = randomSeed();
  run(stories.map((story) => ({ ...story, id: null, seed, tokens: [], quotations: [], finish: null })));
});
$("copy").addEventListener("click", copy);
$("colours").addEventListener("change", () => {
  $("stories").classList.toggle("coloured", $("colours").checked);
  $("scale").hidden = !$("colours").checked;
});
$("amorce").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("form").requestSubmit();
});

function randomSeed() {
  return Math.floor(Math.random() * 10000); // courte : on la recopie à la main
}

/** Un texte neuf, ou deux avec la même graine, d'après le formulaire. */
function begin(force) {
  const value = (id, kind = Number) => ($(id).value.trim() === "" ? undefined : kind($(id).value.replace(",", ".")));
  const settings = { max_new_tokens: value("max_new_tokens"), temperature: value("temperature"), top_p: value("top_p") };
  const names = [...$("model").options].map((option) => option.value);
  const models = $("compare").checked && names.length > 1 ? names.slice(0, 2) : [$("model").value];
  const seed = value("seed") ?? randomSeed();
  run(models.map((model) => ({ model, seed, settings, prompt: $("amorce").value.trim(), tokens: [], quotations: [] })), { force });
}

/** Montre ces textes, et fait écrire la suite de chacun, ou d'un seul (`only`), à mesure. */
async function run(next, { force = true, only } = {}) {
  interrupt();
  const control = (writing = new AbortController());
  say("");
  display(next);
  busy(true);
  const start = performance.now();
  try {
    await waitForModel(control.signal);
    const counts = await Promise.all((only ? [only] : stories).map((story) => write(story, force, control.signal)));
    const count = counts.reduce((sum, each) => sum + each, 0), seconds = (performance.now() - start) / 1000;
    const how = stories.length === 1 ? ENDINGS[stories[0].finish] ?? "" : "";
    $("spoken").textContent = stories.map((story) => printed(text(story))).join(" ");
    tell(`Le texte est écrit : ${count} tokens en ${seconds.toFixed(1).replace(".", ",")} s, graine ${stories[0].seed}. ${how}`);
  } catch (error) {
    if (writing !== control) return; // un autre texte a commencé entre-temps
    if (control.signal.aborted) tell("Arrêté : ce qui est écrit reste.");
    else say(error.sentence ?? "La page ne répond plus. Est-elle arrêtée ? Réessayez dans un instant.", error.reason);
    control.abort();
  }
  if (writing !== control) return; // un autre texte a commencé entre-temps
  writing = null;
  stories.forEach((story) => story.section.classList.remove("writing"));
  busy(false);
  if (document.activeElement === document.body) ($("texte") ? $("continue") : $("write")).focus();
  if (stories.some((story) => story.tokens.length)) keep();
  else $("stories").replaceChildren();
}

/** Autre chose commence : ce qui s'écrivait s'arrête là, et se garde. */
function interrupt() {
  if (!writing) return;
  writing.abort();
  writing = null;
  if (stories.some((story) => story.tokens.length)) keep();
}

/** Demande une suite au serveur, et l'ajoute token par token ; renvoie combien il en est venu. */
async function write(story, force, signal) {
  const before = story.tokens.length, body = { ...story.settings, prompt: text(story), seed: story.seed, model: story.model || null };
  const answer = await fetch("api/generate", {
    method: "POST", signal, headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...body, force, stream: true, sentence: true, slide: before > 0 }),
  });
  if (!answer.ok) {
    const { error: sentence, reason } = await answer.json().catch(() => ({}));
    throw { sentence, reason };
  }
  story.section.classList.add("writing");
  let done = null;
  for await (const { name, content } of events(answer.body)) {
    if (name === "place") tell(`Votre place dans la file : ${content.place}.`);
    else if (name === "token") add(story, content), tell("Le réseau écrit…");
    else if (name === "done") done = content;
  }
  if (!done) throw {};
  if (done.error) throw { sentence: done.error };
  finish(story, done, before);
  return done.new_tokens;
}

/** L'amorce et sa suite, telles que le réseau les relira. */
function text(story) {
  return story.prompt + story.tokens.map((token) => token.text).join("");
}

/** Met ces textes à l'écran, à la place de ceux qui y étaient. */
function display(next) {
  stories = next;
  stories.forEach(draw);
  $("stories").replaceChildren(...stories.map((story) => story.section));
  document.querySelector("main").classList.toggle("wide", stories.length > 1);
  hideHesitation();
}

/** Dessine ce qu'un texte a déjà : son amorce, ses tokens. */
function draw(story, index) {
  story.section = document.createElement("section");
  story.section.className = "story";
  const title = Object.assign(document.createElement("h2"), { textContent: story.model, hidden: stories.length < 2 });
  story.output = document.createElement("output");
  story.output.id = index ? `texte-${index + 1}` : "texte";
  story.output.setAttribute("for", "amorce");
  story.output.setAttribute("aria-live", "off"); // lu d'un coup, à la fin, et non mot à mot : voir `run`
  story.output.setAttribute("aria-label", `Le texte${stories.length > 1 ? ` de ${story.model}` : ""}`);
  const prompt = Object.assign(document.createElement("em"), { className: "prompt", textContent: printed(story.prompt) });
  story.output.append(prompt, ...story.tokens.map((token, place) => span(story, token, place)));
  story.notes = Object.assign(document.createElement("p"), { className: "originality" });
  story.section.append(title, story.output, story.notes);
  markQuotations(story);
}

function span(story, token, place) {
  const element = document.createElement("span"), probability = Math.exp(token.logprob);
  element.className = `token p${SCALE.filter((bound) => probability >= bound).length}${token.chosen ? " chosen" : ""}`;
  element.textContent = token.printed;
  element.tabIndex = place ? -1 : 0; // un seul arrêt de tabulation ; les flèches vont de l'un à l'autre
  Object.assign(element, { story, token });
  return element;
}

function add(story, token) {
  story.tokens.push(token);
  story.output.append(span(story, token, story.tokens.length - 1));
}

/** Ce qu'on sait une fois le texte fini : où il se coupe, ce qu'il récite. */
function finish(story, done, before) {
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
      const mark = Object.assign(document.createElement("mark"), { className: "quotation", title: quotation.book });
      inside[0].before(mark);
      mark.append(...inside);
    }
    story.notes.append(`Déjà écrit : « ${quotation.text} », ${quotation.words} mots qui se suivent dans `);
    story.notes.append(Object.assign(document.createElement("cite"), { textContent: quotation.book }), ". ");
  }
  if (!story.quotations.length && story.finish) story.notes.textContent = "Aucune suite de plus de trois mots ne vient telle quelle des livres lus.";
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
  const next = { ...story, id: null, tokens: [...story.tokens.slice(0, place), other], quotations: [], finish: null };
  run(stories.map((each) => (each === story ? next : each)), { only: next });
}

function busy(now) {
  $("write").disabled = now;
  $("stop").hidden = !now;
  $("tools").hidden = $("hint").hidden = now || !stories.some((story) => story.tokens.length);
}

function tell(sentence) {
  if ($("status").textContent !== printed(sentence)) $("status").textContent = printed(sentence);
}

/** Ce qui ne va pas, et s'il y a lieu, de quoi passer outre. */
function say(sentence, reason) {
  $("error").hidden = !sentence;
  $("error").replaceChildren(...(sentence ? [Object.assign(document.createElement("p"), { textContent: printed(sentence) })] : []));
  if (!sentence) return $("amorce").removeAttribute("aria-invalid");
  tell("");
  if (["french", "insult"].includes(reason)) {
    const anyway = Object.assign(document.createElement("button"), { id: "anyway", type: "button", className: "button", textContent: "Écrire quand même" });
    anyway.addEventListener("click", () => begin(true));
    $("error").append(anyway);
  }
  if (["prompt", "french", "insult"].includes(reason)) {
    $("amorce").setAttribute("aria-invalid", "true");
    $("amorce").focus();
  }
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

/** Ce qui est à l'écran entre dans la liste de cette visite, à la place de ce qu'il continue. */
function keep() {
  stories[0].id = stories[0].id ?? crypto.getRandomValues(new Uint32Array(1))[0];
  const plain = stories.map(({ model, seed, settings, prompt, tokens, quotations, finish }) => ({ model, seed, settings, prompt, tokens, quotations, finish }));
  remember({ id: stories[0].id, stories: plain });
  showVisit();
}

function showVisit() {
  const visit = visited();
  $("visit").hidden = !visit.length;
  $("texts").replaceChildren(
    ...visit.map(({ id, stories: saved }) => {
      const item = document.createElement("li"), words = printed(saved.map(text).join(" ‖ "));
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: words.length > 160 ? `${words.slice(0, 160)}…` : words });
      button.addEventListener("click", () => show(saved.map((story) => ({ ...story, id }))));
      item.append(button);
      return item;
    }),
  );
}

/** Remet à l'écran un texte de cette visite. */
function show(saved) {
  interrupt();
  display(saved);
  busy(false);
  tell("");
  $("texte").scrollIntoView({ block: "center" });
}

/** Attend que le modèle soit chargé, en le disant. */
async function waitForModel(signal) {
  while ($("model").options.length === 0) {
    const health = await (await fetch("healthz", { signal })).json();
    if (health.status !== "loading") {
      $("model").replaceChildren(...health.models.map((name) => new Option(name)));
      $("compare-field").hidden = health.models.length < 2;
      return tell("");
    }
    tell("Le modèle se charge…");
    await new Promise((wake) => setTimeout(wake, 500));
  }
}
