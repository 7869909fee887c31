/** @file Trainings beside one another: figures with their intervals, curves over each other, and what one got right and the other wrong. */

import { askJson, path } from "../api.js";
import { Chart, sample } from "../chart.js";
import { commandBox, curl } from "../curl.js";
import { h, s } from "../dom.js";
import { count, figure, percent, seconds } from "../format.js";
import { nameOf } from "../training-words.js";

const SHOWN = 12; // pictures of each kind

/** @param {import("../router.js").Place} place */
export async function view({ query, signal, title }) {
    title("Compare");
    const address = path(["compare"], { training: query.getAll("training") });
    const found = await askJson(address, { signal });
    const names = new Map(found.trainings.map((training, at) => [training.id, `${at + 1} ${nameOf(training)}`]));
    return [
        h("header.head", {}, h("div", {}, h("h1", { tabindex: -1 }, "Compare"), h("p.lead", {}, [...names.values()].join(", ")))),
        h("div.stack.loose", {}, figures(found, names), curves(found, names), found.pairs.map((pair) => pairOf(pair, names)), commandBox(curl(address), "this comparison")),
    ];
}

function figures({ trainings }, names) {
    const low = Math.min(...trainings.map((one) => one.test_accuracy.low));
    const high = Math.max(...trainings.map((one) => one.test_accuracy.high));
    const row = (training, at) => h("tr", {},
        h("th", { scope: "row" }, sample({ colour: at + 1 }), " ", h("a", { href: `#/trainings/${training.id}` }, names.get(training.id))),
        h("td.number", {}, percent(training.test_accuracy.value, 2)),
        h("td", {}, interval(training.test_accuracy, low, high, at + 1)),
        h("td.number", {}, figure(training.test_loss)), h("td.number", {}, count(training.parameters)), h("td.number", {}, training.epochs), h("td.number", {}, seconds(training.compute_seconds)));
    const head = [["Training", ""], ["Test accuracy", ".number"], ["95 % interval", ""], ["Test loss", ".number"], ["Parameters", ".number"], ["Epochs", ".number"], ["Computed", ".number"]];
    return h("section.section", {}, h("h2", {}, "Figures"), h("div.card.scroll", { tabindex: 0, role: "region", "aria-label": "Figures" }, h("table.compared", {},
        h("thead", {}, h("tr", {}, head.map(([name, kind]) => h(`th${kind}`, { scope: "col" }, name)))), h("tbody", {}, trainings.map(row)))));
}

/** An interval as a line with its value as a dot, on an axis that all share. */
function interval({ value, low, high }, least, most, colour) {
    const x = (share) => `${4 + ((share - least) / (most - least || 1)) * 92}%`;
    return s("svg.interval", { role: "img", "aria-label": `${percent(low)} to ${percent(high)}` },
        s("line.axis", { x1: "0", x2: "100%", y1: 13, y2: 13 }), s(`line.series-${colour}`, { x1: x(low), x2: x(high), y1: 13, y2: 13 }),
        s(`circle.dot.series-${colour}`, { cx: x(value), cy: 13, r: 4.5 }));
}

function curves({ trainings, curves: all }, names) {
    const last = Math.max(...Object.values(all).map((epochs) => epochs.length));
    const kinds = [["Validation accuracy", "val_accuracy", true], ["Validation loss", "val_loss", false], ["Training accuracy", "accuracy", true], ["Training loss", "loss", false]];
    const charts = kinds.filter(([, name]) => Object.values(all).some((epochs) => epochs.some((epoch) => epoch[name] !== null))).map(([title, name, isShare]) => {
        const chart = new Chart({ title, isShare });
        chart.show(trainings.map(({ id }, at) => ({ name: names.get(id), colour: at + 1, points: all[id].map((epoch) => ({ x: epoch.epoch, y: epoch[name] })) })), { last });
        return h("div.card", {}, chart.element);
    });
    return h("section.section", {}, h("h2", {}, "Curves"), h("div.two", {}, charts));
}

function pairOf(pair, names) {
    const [a, b] = [names.get(pair.a), names.get(pair.b)];
    const cells = [["Both right", pair.both_right], [`Only ${a}`, pair.only_a_right], [`Only ${b}`, pair.only_b_right], ["Both wrong", pair.both_wrong]];
    return h("section.section", {}, h("h2", {}, `${a} and ${b}`), h("p", {}, pair.finding),
        h("dl.figures", {}, cells.map(([name, number]) => h("div", {}, h("dt", {}, name), h("dd", {}, count(number))))),
        examples(`${a} right, ${b} wrong`, pair.only_a_right_examples, "predicted_by_b"), examples(`${b} right, ${a} wrong`, pair.only_b_right_examples, "predicted_by_a"));
}

function examples(title, all, wrong) {
    if (!all.length) return null;
    return h("div.section", {}, h("h3", {}, title), h("ul.pictures", {}, all.slice(0, SHOWN).map((one) => h("li.picture", {},
        h("img.pixels", { src: one.image, alt: `Test image ${one.index}`, width: 64, height: 64, loading: "lazy" }), h("span", {}, `${one.true}:${one[wrong]}`)))));
}
