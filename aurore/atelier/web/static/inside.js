// Ce qu'une phrase devient dans un réseau : le serveur donne les nombres, la page les dessine et tire le token suivant.

import { ask } from "./ask.js";
import { bar, fill, percent } from "./bars.js";
import { $, loaded, made, sentenceOf } from "./page.js";
import { printed } from "./prose.js";
import { drawn, kept, softmax } from "./sampling.js";

const CANDIDATES = 12;
const settings = { temperature: 1, top_k: 0, top_p: 1 };
let titles = {}, sentence = "", added = [], views = [];

/** Les nombres que le serveur envoie en base 64. */
function numbers(packed, size) {
  const view = new DataView(Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0)).buffer);
  if (size === 4) return Float32Array.from({ length: view.byteLength / 4 }, (_, place) => view.getFloat32(4 * place, true));
  return Float32Array.from({ length: view.byteLength / 2 }, (_, place) => half(view.getUint16(2 * place, true)));
}

/** Un nombre de 16 bits (IEEE 754) : un signe, cinq bits d'exposant, dix de chiffres. */
function half(bits) {
  const exponent = (bits >> 10) & 31, digits = bits & 1023, sign = bits >> 15 ? -1 : 1;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + digits / 1024) : 2 ** -14 * (digits / 1024));
}

const said = (piece) => (piece.trim() ? printed(piece.trim()) : piece.includes("\n") ? "⏎" : "␣");
const quoted = (piece) => `« ${said(piece)} »`;

/** Un réseau qui regarde la phrase : sa colonne, le token dont on parle, le bloc et la tête que l'on montre. */
function newView(model) {
  const section = $("network").content.firstElementChild.cloneNode(true);
  return { model, section, block: 0, head: 0, focus: -1, part: (name) => section.querySelector(`.${name}`) };
}

/** Fait lire la phrase à ces réseaux, et dit en combien de temps ; faux si elle ne se lit pas, et dit pourquoi. */
async function look(reading = views) {
  const start = performance.now();
  $("error").hidden = true;
  try {
    await Promise.all(reading.map(read));
    $("status").textContent = printed(`${reading[0].seen.pieces.length} tokens, lus en ${Math.round(performance.now() - start)} ms.`);
    return true;
  } catch (error) {
    $("error").textContent = printed(sentenceOf(error));
    $("error").hidden = false;
    $("error").scrollIntoView({ block: "nearest" });
    return false;
  }
}

/** Demande au serveur ce que ce réseau voit de la phrase, et le dessine. */
async function read(view) {
  const seen = await ask("api/inside", { prompt: sentence, model: view.model, ids: added, block: view.block });
  for (const [name, size] of [["tokens", 2], ["positions", 2], ["attention", 2], ["logits", 4]]) seen[name] = numbers(seen[name], size);
  view.seen = seen;
  if (view.focus < 0 || view.focus >= seen.pieces.length) view.focus = seen.pieces.length - 1;
  draw(view);
}

function draw(view) {
  const { seen } = view;
  view.part("name").textContent = titles[view.model];
  view.part("tokens").replaceChildren(...seen.pieces.map((piece, place) => {
    const button = tokenButton(view, place);
    button.append(said(piece), made("small", { textContent: seen.ids[place] }));
    return wrapped(button);
  }));
  drawVectors(view);
  options(view, "block", seen.blocks, (changed) => look([changed]));
  options(view, "head", seen.heads, drawAttention);
  drawAttention(view);
  drawGuesses(view);
  drawNext(view);
}

const wrapped = (content) => {
  const item = document.createElement("li");
  item.append(content);
  return item;
};

function tokenButton(view, place) {
  const button = made("button", { type: "button", ariaPressed: String(place === view.focus) });
  button.addEventListener("click", () => {
    view.focus = place;
    draw(view);
    view.part("tokens").children[place].firstChild.focus({ preventScroll: true });
  });
  return button;
}

function options(view, name, count, changed) {
  const select = view.part(name);
  if (select.options.length !== count) {
    select.replaceChildren(...Array.from({ length: count }, (_, place) => new Option(place + 1, place)));
  }
  select.value = view[name];
  select.onchange = () => {
    view[name] = Number(select.value);
    changed(view);
  };
}

function drawVectors({ seen, focus, part }) {
  const { width } = seen, row = (all) => all.subarray(focus * width, (focus + 1) * width);
  const token = row(seen.tokens), position = row(seen.positions), sum = token.map((value, place) => value + position[place]);
  const most = Math.max(...sum.map(Math.abs), ...token.map(Math.abs), ...position.map(Math.abs));
  part("vector-title").textContent = printed(`Les ${width} nombres de ${quoted(seen.pieces[focus])}, plus ceux de sa ${focus + 1}${focus ? "ᵉ" : "ʳᵉ"} place, sont ce qui entre dans le réseau.`);
  const drawings = [["le token", token], ["+ sa place", position], ["= ce qui entre", sum]].map(([title, values]) => [made("p", { textContent: title }), bars(values, most)]);
  part("vectors").replaceChildren(...drawings.flat());
}

/** Des nombres en barres, au-dessus et au-dessous d'une ligne. */
function bars(values, most) {
  const canvas = made("canvas", { width: 3 * values.length, height: 80 }), pen = canvas.getContext("2d");
  pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--accent");
  values.forEach((value, place) => pen.fillRect(3 * place, 40 - Math.max(0, (40 * value) / most), 2, Math.max(0.5, Math.abs((40 * value) / most))));
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${values.length} nombres, de ${Math.min(...values).toFixed(2)} à ${Math.max(...values).toFixed(2)}`.replaceAll(".", ","));
  return canvas;
}

function drawAttention(view) {
  const { seen, focus, head } = view, count = seen.pieces.length;
  const weights = seen.attention.subarray((head * count + focus) * count, (head * count + focus + 1) * count);
  view.part("attended").replaceChildren(...seen.pieces.map((piece, place) => {
    const button = tokenButton(view, place);
    button.append(said(piece));
    if (place <= focus) button.append(bar(weights[place]), made("small", { textContent: percent(weights[place]) }));
    else button.disabled = true;
    return wrapped(button);
  }));
  const [first, second] = [...weights].map((weight, place) => [weight, place]).sort(([one], [other]) => other - one);
  const name = ([, place]) => (place === focus ? "lui-même" : quoted(seen.pieces[place]));
  const also = second && second[0] >= 0.05 ? `, puis ${name(second)} (${percent(second[0])})` : "";
  view.part("attention-said").textContent = printed(`Dans le bloc ${view.block + 1}, la tête ${head + 1} de ${quoted(seen.pieces[focus])} regarde surtout ${name(first)} (${percent(first[0])})${also}.`);
}

function drawGuesses({ seen, focus, part }) {
  part("lens-title").textContent = printed(`Après ${quoted(seen.pieces[focus])}, ce qu’on lirait :`);
  part("lens").tBodies[0].replaceChildren(...seen.guesses.map((layer, number) => {
    const row = document.createElement("tr");
    row.append(made("th", { scope: "row", textContent: number ? `bloc ${number}` : "à l’entrée" }));
    for (const [piece, chance] of layer[focus]) {
      const cell = row.insertCell();
      cell.append(said(piece), made("small", { textContent: percent(chance) }));
    }
    return row;
  }));
}

/** Les probabilités du token suivant, et de quoi les changer : tout se calcule ici, des logits. */
function drawNext(view) {
  const { seen, part } = view;
  const items = seen.listed.slice(0, CANDIDATES).map(([id, piece]) => {
    const item = made("li", { id_: id }), track = bar(0), figure = made("span", {});
    item.append(made("span", { textContent: quoted(piece) }), track, figure);
    return Object.assign(item, { show: (chance) => (fill(track, chance), (figure.textContent = percent(chance)), item.classList.toggle("out", !chance)) });
  });
  part("next").replaceChildren(...items);
  view.show = () => {
    view.chances = kept(softmax(seen.logits, settings.temperature), settings);
    items.forEach((item) => item.show(view.chances[item.id_]));
    const possible = view.chances.reduce((sum, chance) => sum + (chance > 0), 0);
    part("rest").textContent = printed(`${possible.toLocaleString("fr")} ${possible > 1 ? "tokens possibles" : "token possible"} sur ${seen.logits.length.toLocaleString("fr")}.`);
  };
  view.show();
  if (!part("sliders").children.length) part("sliders").append(...sliders());
  part("undo").hidden = !added.length;
  part("draw").onclick = () => put([...added, drawn(view.chances, Math.random())]);
  part("undo").onclick = () => put(added.slice(0, -1));
}

/** La phrase a un token de plus, ou de moins : tout est à relire. */
function put(ids) {
  added = ids;
  views.forEach((view) => (view.focus = -1));
  look();
}

/** Les trois réglages du tirage ; ils valent pour les deux réseaux. */
function sliders() {
  const last = (name) => ({ temperature: [0, 20, 1, 10], top_k: [0, 50, 1, 1], top_p: [1, 100, 1, 100] })[name];
  return [["temperature", "Température"], ["top_k", "Top-k"], ["top_p", "Top-p"]].map(([name, title]) => {
    const [min, max, step, scale] = last(name);
    const label = made("label", { className: "temperature" }), range = made("input", { type: "range", min, max, step, value: settings[name] * scale, name }), value = made("output", {});
    const tell = () => (value.textContent = name === "top_k" && range.value === "0" ? "sans" : (range.value / scale).toLocaleString("fr"));
    range.addEventListener("input", () => {
      settings[name] = range.value / scale;
      document.querySelectorAll(`input[name=${name}]`).forEach((other) => (other.value = range.value));
      document.querySelectorAll(`input[name=${name}] + output`).forEach((other) => (other.textContent = value.textContent));
      tell();
      views.forEach((view) => view.show());
    });
    tell();
    label.append(`${title} `, range, value);
    return label;
  });
}

async function begin() {
  sentence = $("amorce").value.trim();
  added = [];
  const next = [$("model").value, $("other").value].filter(Boolean).map(newView);
  if (!(await look(next))) return; // ce qu'on voyait reste
  views = next;
  $("networks").replaceChildren(...views.map((view) => view.section));
  $("networks").classList.toggle("two", views.length > 1);
}

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  begin();
});
for (const name of ["model", "other"]) $(name).addEventListener("change", begin);
loaded(() => ($("status").textContent = "Le modèle se charge…")).then((health) => {
  titles = health.titles;
  const choices = () => health.models.map((name) => new Option(titles[name], name));
  $("model").replaceChildren(...choices());
  $("other").replaceChildren(new Option("aucun", ""), ...choices());
  $("other-field").hidden = health.models.length < 2;
  begin();
});
