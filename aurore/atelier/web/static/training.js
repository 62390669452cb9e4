// La courbe avance pendant que l'étape 3 tourne : on redemande l'état toutes les 2 secondes tant que quelque chose change,
// et de loin en loin sinon, pour voir commencer un nouvel entraînement.
"use strict";

const LIVE = 2000, QUIET = 15000; // millisecondes
const news = document.getElementById("news");
const shown = () => document.getElementById("runs");
const sections = () => [...shown().querySelectorAll(".run")];
let timer;

function later() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(refresh, shown().dataset.live === "1" ? LIVE : QUIET);
}

async function refresh() {
  clearTimeout(timer);
  try {
    const answer = await fetch(shown().dataset.state);
    if (!answer.ok) throw new Error(answer.status);
    const state = await answer.json();
    if (news.classList.replace("error", "visually-hidden")) news.textContent = "";
    const kinds = (all) => all.map(([name, kind]) => `${name} ${kind}`).join("\n");
    const before = kinds(sections().map((section) => [section.dataset.run, section.dataset.kind]));
    if (before === kinds(state.runs.map((run) => [run.name, run.state]))) state.runs.forEach(update);
    else await rebuild(state.runs);
    shown().dataset.live = Number(state.live);
  } catch {
    news.classList.replace("visually-hidden", "error");
    news.textContent = "L'étape 5 est arrêtée : relancez-la. D'ici là, les courbes n'avancent plus.";
  }
  later();
}

// Un entraînement qui avance : seuls ses chiffres, sa barre et son image changent, rien ne bouge sous le doigt.
function update(run, rank) {
  const section = sections()[rank];
  if (section.dataset.version === run.version) return;
  section.dataset.version = run.version;
  const progress = section.querySelector("progress");
  if (progress) [progress.max, progress.value] = [run.total, run.done];
  if (run.note) section.querySelector(".note").textContent = run.note;
  const image = section.querySelector("img");
  if (image) {
    image.alt = run.alt;
    image.src = `${image.src.split("?")[0]}?v=${run.version}`;
  }
  fill(section.querySelector(".numbers"), run.figures);
  fill(section.querySelector(".ladder"), run.ladder);
}

// Les lignes d'un tableau, dont la première case est un titre ; un tableau sans ligne ne se voit pas.
function fill(table, rows) {
  if (!table) return;
  table.hidden = !rows.length;
  table.tBodies[0].replaceChildren(...rows.map(([name, ...values]) => {
    const row = document.createElement("tr"), heading = document.createElement("th");
    heading.scope = "row";
    heading.textContent = name;
    row.append(heading);
    for (const value of values) row.insertCell().textContent = value;
    return row;
  }));
}

// Un entraînement commence, finit, s'interrompt : la page est à refaire, sans refermer ce qui est ouvert.
async function rebuild(runs) {
  const text = await (await fetch(location.href)).text();
  const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("runs");
  if (!fresh) throw new Error("ce n'est pas la page");
  const old = new Map(sections().map((section) => [section.dataset.run, section]));
  const focused = document.activeElement?.closest(".run")?.dataset.run;
  shown().replaceWith(fresh);
  for (const section of sections()) section.open = (old.get(section.dataset.run) ?? section).open;
  sections().find((section) => section.dataset.run === focused)?.querySelector("summary").focus();
  const changed = runs.filter((run) => old.get(run.name)?.dataset.kind !== run.state);
  news.textContent = changed.map((run) => `${run.title} : ${run.word}.`).join(" ");
}

document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : refresh()));
later();
