/** @file What the test set said about a training: figures, advice, the confusion matrix with its pictures, classes, files. */

import { askJson, path } from "./api.js";
import { h, replace } from "./dom.js";
import { count, figure, percent, seconds } from "./format.js";
import { confusions, matrixOf } from "./matrix.js";
import { Mistakes } from "./mistakes.js";
import { problemBox } from "./problem.js";
import { remember } from "./router.js";

/** The figures at the top. */
export function figuresOf(training, report) {
    const { confidence_interval: interval, calibration, top_k: topK } = report;
    const facts = [
        ["Test accuracy", percent(report.test_accuracy, 2), interval && `${percent(interval.low)} to ${percent(interval.high)} with ${interval.level * 100} % confidence`],
        ["Test loss", figure(report.test_loss)],
        ["Mistakes", count(report.misclassified_count), `of ${count(report.test_count)} test images`],
        ...(topK?.["3"] ? [["Among the three likeliest", percent(topK["3"], 2)]] : []),
        ["Confidence is off by", percent(calibration?.expected_error), "on average"],
        ["Parameters", count(training.metrics.parameters)],
        ["Computed", seconds(training.compute_seconds)],
    ];
    return h("dl.figures", {}, facts.map(([name, value, more]) =>
        h("div", {}, h("dt", {}, name), h("dd", {}, value), more && h("dd.small", {}, more))));
}

/** The curves read in plain words. */
export async function adviceOf(id, signal) {
    const { advice } = await askJson(path(["trainings", id, "advice.json"]), { signal });
    if (!advice.length) return h("p.muted", {}, "Nothing to object to: the curves look as they should.");
    return h("ul.advice", {}, advice.map((one) =>
        h(`li.${one.severity === "warning" ? "warning" : "info"}`, {}, h("p", {}, one.finding), one.try && h("p", {}, `Try: ${one.try}`))));
}

/** The matrix, the pairs that are confused most, and the pictures of the cell that was chosen. */
export async function confusionOf(id, query, signal) {
    const confusion = await askJson(path(["trainings", id, "confusion-matrix.json"]), { signal });
    const mistakes = new Mistakes(id, signal);
    const line = h("p.muted.small", {}, "\u00a0");
    const numberOf = (truth, predicted) => confusion.matrix[confusion.classes.indexOf(truth)]?.[confusion.classes.indexOf(predicted)] ?? 0;
    const pairs = confusions(confusion);
    const list = h("div.confusions", {}, pairs.map(({ truth, predicted, number, share }) => h("button", {
        type: "button", "aria-pressed": "false", "data-pair": JSON.stringify([truth, predicted]), onclick: () => choose(truth, predicted),
    }, h("span", {}, `${truth} taken for ${predicted}`), h("span.muted", { title: share }, count(number)))));
    const all = h("button", { type: "button", onclick: () => choose(null, null) }, "All mistakes");
    const matrix = matrixOf(confusion, { chosen: choose, told: (text) => { line.textContent = text || "\u00a0"; } });

    function choose(truth, predicted) {
        matrix.mark(truth, predicted);
        for (const button of list.children) button.setAttribute("aria-pressed", String(button.dataset.pair === JSON.stringify([truth, predicted])));
        remember(new URLSearchParams(truth === null ? {} : { true: truth, predicted }));
        void mistakes.show(truth, predicted, numberOf(truth, predicted));
    }

    const [truth, predicted] = [query.get("true"), query.get("predicted")];
    if (numberOf(truth, predicted)) choose(truth, predicted);
    else if (pairs.length) choose(null, null);
    return [
        h("div.confusion", {},
            h("div.stack", {}, h("div.scroll", {}, matrix.element), line),
            h("div.stack", {}, h("h3", {}, "Confused most often"), pairs.length ? [list, h("div.row", {}, all)] : h("p.muted", {}, "Not a single mistake."))),
        pairs.length > 0 && mistakes.element,
    ];
}

/** Precision, recall and F1 of every class, with the averages below. */
export function classesOf({ classification, classes }) {
    const row = (name, figures, isClass) => h("tr", {}, h("th", { scope: "row" }, name),
        ["precision", "recall", "f1-score"].map((one) => h("td.number", {}, percent(figures[one]),
            isClass && one === "f1-score" && meter(figures[one]))),
        h("td.number", {}, count(figures.support)));
    const averages = ["macro avg", "weighted avg"].filter((name) => classification[name]);
    return h("div.card.scroll", { tabindex: 0, role: "region", "aria-label": "Figures of every class" }, h("table", {},
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Class"),
            ["Precision", "Recall", "F1", "Images"].map((name) => h("th.number", { scope: "col" }, name)))),
        h("tbody", {}, classes.filter((name) => classification[name]).map((name) => row(name, classification[name], true))),
        h("tfoot", {}, averages.map((name) => row(name.replace("avg", "average"), classification[name], false)))));
}

function meter(share) {
    const bar = h("i");
    bar.style.setProperty("--share", share);
    return h("span.meter", { "aria-hidden": "true" }, bar);
}

/** Every file there is of a training. */
export function filesOf(id) {
    const own = `/v1/trainings/${id}`;
    const groups = [
        ["Whole report", "report", ["html", "pdf", "json"]],
        ["Classification", "classification-report", ["txt", "csv", "tex", "json"]],
        ["Confusion matrix", "confusion-matrix", ["png", "svg", "csv", "json"]],
        ["Curves", "curves", ["png", "svg", "csv", "json"]],
        ["Mistakes", "misclassified", ["png", "json"]],
        ["Predictions", "predictions", ["csv", "json"]],
        ["Trained network", "model", ["keras", "onnx"]],
    ];
    return h("dl.facts", {}, groups.map(([name, stem, suffixes]) => [h("dt", {}, name),
        h("dd.row", {}, suffixes.map((suffix) =>
            h("a", { href: `${own}/${stem}.${suffix}`, "aria-label": `${name} as ${suffix}` }, `.${suffix}`)))]));
}

/** A section that fills itself; what fails is said in its place, and takes nothing else along. */
export function section(title, making, signal) {
    const body = h("div.stack", {}, h("div.skeleton", { "aria-hidden": "true" }, h("i")));
    const fill = async () => {
        try {
            replace(body, await making());
        } catch (error) {
            if (!signal.aborted) replace(body, problemBox(error, () => void fill()));
        }
    };
    void fill();
    return h("section.section", {}, h("h2", {}, title), body);
}

