// Le formulaire : ce qu'on y a mis, les modèles qui peuvent écrire, la longueur du début.

import { ask } from "./ask.js";
import { $, randomSeed } from "./page.js";
import { keepScreen, lastScreen } from "./visit.js";

export const SETTINGS = ["max_new_tokens", "temperature", "top_p"];
const PAUSE = 400; // millisecondes sans rien taper
const FIELDS = ["amorce", ...SETTINGS, "seed", "model"];
let timer, counting;

/** Ce champ ; vide, il garde sa valeur par défaut ; ce qui n'est pas un nombre reste tel quel, et le serveur dira ce qu'il en pense. */
function value(id) {
  const typed = $(id).value.trim(), parsed = Number(typed.replace(",", "."));
  return typed === "" ? undefined : Number.isNaN(parsed) ? typed : parsed;
}

export const settings = () => Object.fromEntries(SETTINGS.map((name) => [name, value(name)]));
export const seed = () => value("seed") ?? randomSeed();
export const prompt = () => $("amorce").value.trim() || $("amorce").placeholder; // vide, la case part du début qu'elle propose

const options = () => [...$("model").options];
/** Le nom d'un modèle, tel qu'on le dit : celui de la liste. */
export const modelTitle = (name) => options().find((option) => option.value === name)?.textContent ?? name;
/** Les modèles à mettre côte à côte, s'il y en a deux : avant, puis après. */
export const beforeAndAfter = () => (options().length > 1 ? [options()[1].value, options()[0].value] : []);
/** Ceux que l'on a choisis : un, ou les deux de `beforeAndAfter`. */
export const models = () => ($("compare").checked && beforeAndAfter().length ? beforeAndAfter() : [$("model").value]);

/** Remplit la liste des modèles d'après ce que dit `healthz`. */
export function showModels({ models, titles }) {
  $("model").replaceChildren(...models.map((name) => new Option(titles[name], name)));
  $("compare-field").hidden = $("facing").hidden = models.length < 2;
  restore();
  count();
}

/** Met ces valeurs dans le formulaire. */
export function fillFields(fields) {
  for (const [name, content] of Object.entries(fields)) {
    if (!FIELDS.includes(name)) continue;
    if (name !== "model" || options().some((option) => option.value === content)) $(name).value = content;
  }
}

/** Un rechargement de la page ne vide pas le formulaire. */
function restore() {
  const { fields } = lastScreen();
  if (fields) fillFields(fields);
}

/** Dit combien de tokens fait le début, et ce que le modèle n'en lira pas. */
async function count() {
  counting?.abort();
  counting = new AbortController();
  const words = $("amorce").value.trim();
  if (!words || !$("model").value) return void ($("reading").textContent = "");
  try {
    const asked = { prompt: words, model: $("model").value, slide: true, force: true, max_new_tokens: settings().max_new_tokens };
    const { tokens, room, forgotten, context } = await ask("api/tokens", asked, counting.signal);
    const first = [...words.slice(forgotten).trim()].slice(0, 30).join("");
    $("reading").textContent = forgotten
      ? `${tokens} tokens : c’est trop pour ce modèle, qui en tient ${context} avec la suite. Il ne lira que la fin, à partir de « ${first}… ».`
      : `${tokens} ${tokens > 1 ? "tokens" : "token"} ; ce modèle peut en relire ${room}.`;
  } catch {
    // Un réglage qui ne convient pas, ou le serveur occupé : on le dira quand on demandera la suite.
  }
}

function changed() {
  keepScreen({ fields: Object.fromEntries(FIELDS.map((name) => [name, $(name).value])) });
  clearTimeout(timer);
  timer = setTimeout(count, PAUSE);
}

$("form").addEventListener("input", changed);
$("form").addEventListener("change", changed);
restore();
count();

/** Un réglage qui ne convient pas se montre, même si l'on avait replié les réglages. */
export function showField(name) {
  if (!$(name)) return;
  $("settings").open = true;
  $(name).setAttribute("aria-invalid", "true");
  $(name).focus();
}
