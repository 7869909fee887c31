/** @file The models that answer: their versions, and which of them has which alias. */

import { askJson, path } from "../api.js";
import { commandBox, curl } from "../curl.js";
import { h, replace } from "../dom.js";
import { ago, bytes, count, moment, percent } from "../format.js";
import { problemBox } from "../problem.js";

/** @param {import("../router.js").Place} place */
export async function view({ signal, title }) {
    title("Models");
    const { models } = await askJson(path(["models"]), { signal });
    const cards = models.map((model) => {
        const place = h("section.section");
        show(place, model, signal);
        return place;
    });
    const nothing = h("div.empty", {}, "There are no models yet. A training makes one when it succeeds.", h("a.button", { href: "#/trainings/new" }, "Submit a training"));
    return [
        h("header.head", {}, h("div", {}, h("h1", { tabindex: -1 }, "Models"), h("p.lead", {}, "Every training that succeeds makes a version. The alias stable says which one answers; without it the latest does."))),
        h("div.stack.loose", {}, cards.length ? cards : nothing, commandBox(curl("/v1/models"), "this list")),
    ];
}

function show(place, model, signal) {
    const { name, versions, aliases, serving_version: serving } = model;
    const row = (one) => h("tr", {}, h("th", { scope: "row" }, one.version, " ", one.version === serving && h("span.tag", {}, "answers")),
        h("td", {}, h("span.tags", {}, Object.entries(aliases).filter(([, version]) => version === one.version).map(([alias]) => h("span.tag", {}, alias)))),
        h("td.number", {}, percent(one.test_accuracy, 2)), h("td", {}, one.dataset), h("td.number", {}, count(one.parameters)),
        h("td", {}, one.training ? h("a", { href: `#/trainings/${one.training}` }, h("time", { datetime: one.created_at, title: moment(one.created_at) }, ago(one.created_at))) : ago(one.created_at)),
        h("td", {}, one.training && Object.entries(one.artefacts).map(([kind, { size }]) => [h("a", { href: `/v1/trainings/${one.training}/model.${kind}`, title: bytes(size), "aria-label": `Version ${one.version} as ${kind}` }, `.${kind}`), " "])));
    const head = [["Version", ""], ["Aliases", ""], ["Test accuracy", ".number"], ["Data set", ""], ["Parameters", ".number"], ["Trained", ""], ["Files", ""]];
    replace(place, h("header", {}, h("h2", {}, name), h("a", { href: name === "default" ? "#/" : `#/?model=${encodeURIComponent(name)}` }, "Try it")),
        h("div.card.scroll", { tabindex: 0, role: "region", "aria-label": `Versions of ${name}` }, h("table", {}, h("thead", {}, h("tr", {}, head.map(([text, kind]) => h(`th${kind}`, { scope: "col" }, text)))), h("tbody", {}, versions.map(row)))),
        aliasForm(place, model, signal));
}

function aliasForm(place, { name, versions, serving_version: serving }, signal) {
    const alias = h("input", { id: `alias-${name}`, value: "stable", autocomplete: "off", spellcheck: "false" });
    const version = h("select", { id: `version-${name}` }, versions.map((one) => h("option", { value: one.version, selected: one.version === serving }, one.version)));
    const trouble = h("div");
    const submit = async (event) => {
        event.preventDefault();
        const address = path(["models", name, "aliases", alias.value]);
        const json = { version: Number(version.value) };
        try {
            show(place, await askJson(address, { method: "PUT", json, signal }), signal);
            place.append(commandBox(curl(address, { method: "PUT", json }), "this change"));
        } catch (error) {
            if (!signal.aborted) replace(trouble, problemBox(error));
        }
    };
    return h("details", {}, h("summary", {}, "Point an alias at a version"), h("form.stack", { onsubmit: submit }, h("div.filters", {},
        h("div.field", {}, h("label", { for: `alias-${name}` }, "Alias"), alias), h("div.field", {}, h("label", { for: `version-${name}` }, "Version"), version), h("button", { type: "submit" }, "Point")), trouble));
}
