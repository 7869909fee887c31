/** @file The confusion matrix as buttons: every cell with something in it opens its pictures; arrow keys go from cell to cell. */

import { h } from "./dom.js";
import { count, counted, percent } from "./format.js";

/** @typedef {{classes: string[], matrix: number[][]}} Confusion rows are true classes, columns predicted ones */

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** What a cell says, to the ear and to the eye: `true 4, predicted 9: 7 images`. */
export const said = (truth, predicted, number) => `true ${truth}, predicted ${predicted}: ${counted(number, "image")}`;

/**
 * @param {Confusion} confusion
 * @param {{chosen: (truth: string, predicted: string) => void, told: (text: string) => void}} viewer
 * @returns {{element: HTMLElement, mark: (truth: string | null, predicted: string | null) => void}}
 */
export function matrixOf({ classes, matrix }, { chosen, told }) {
    const most = Math.max(1, ...matrix.flatMap((row, at) => row.filter((_, column) => column !== at)));
    /** @type {Map<string, HTMLElement>} */
    const buttons = new Map();

    function cell(at, column) {
        const number = matrix[at][column];
        if (number === 0) return h("td", {});
        const text = said(classes[at], classes[column], number);
        const button = h("button", {
            type: "button", tabindex: -1, "aria-label": text, "aria-pressed": "false", "data-row": at, "data-column": column,
        }, number > 9999 ? "…" : number);
        buttons.set(`${at}.${column}`, button);
        return h(at === column ? "td.right" : `td.heat-${heat(number, most)}`, {}, button);
    }

    const long = classes.some((name) => name.length > 2);
    const size = classes.length > 32 ? "large" : classes.length > 12 ? "medium" : "small";
    const head = h("thead", {},
        h("tr", {}, h("td", {}), h("td.axis", { colspan: classes.length }, "predicted")),
        h("tr", {}, h("td.axis", {}, "true"), classes.map((name) => h("th", { scope: "col", title: name }, h("span", {}, name)))));
    const body = h("tbody", {}, classes.map((name, at) =>
        h("tr", {}, h("th", { scope: "row", title: name }, name), classes.map((_, column) => cell(at, column)))));
    const element = h(`table.matrix.${size}${long ? ".named" : ""}`, { "aria-label": "Confusion matrix" }, head, body);

    let current = [...buttons.values()][0];
    if (current) current.tabIndex = 0;
    const enter = (button) => {
        current.tabIndex = -1;
        current = button;
        current.tabIndex = 0;
    };
    element.addEventListener("focusin", ({ target }) => {
        if (target.matches("button")) {
            enter(target);
            told(target.getAttribute("aria-label"));
        }
    });
    element.addEventListener("pointerover", ({ target }) => {
        const button = target.closest("button");
        told(button ? button.getAttribute("aria-label") : "");
    });
    element.addEventListener("click", ({ target }) => {
        const button = target.closest("button");
        if (button) chosen(classes[button.dataset.row], classes[button.dataset.column]);
    });
    element.addEventListener("keydown", (event) => {
        const next = nextOf(event, buttons, classes.length);
        if (!next) return;
        event.preventDefault();
        next.focus();
    });
    return {
        element,
        mark(truth, predicted) {
            for (const button of element.querySelectorAll('[aria-pressed="true"]')) button.setAttribute("aria-pressed", "false");
            buttons.get(`${classes.indexOf(truth)}.${classes.indexOf(predicted)}`)?.setAttribute("aria-pressed", "true");
        },
    };
}

/** The next cell with something in it, in the direction of the key. */
function nextOf({ key, target }, buttons, side) {
    let [row, column] = [Number(target.dataset.row), Number(target.dataset.column)];
    if (Number.isNaN(row)) return null;
    if (key === "Home" || key === "End") {
        const inRow = [...buttons.values()].filter((button) => Number(button.dataset.row) === row);
        return key === "Home" ? inRow[0] : inRow.at(-1);
    }
    const step = STEPS[key];
    if (!step) return null;
    do {
        row += step[0];
        column += step[1];
    } while (row >= 0 && column >= 0 && row < side && column < side && !buttons.has(`${row}.${column}`));
    return buttons.get(`${row}.${column}`) ?? null;
}

/** 1 to 5; by the root, so that single mistakes stand out against none. */
const heat = (number, most) => Math.max(1, Math.ceil(Math.sqrt(number / most) * 5));

/**
 * The pairs that are confused most often.
 * @param {Confusion} confusion
 * @returns {{truth: string, predicted: string, number: number, share: string}[]}
 */
export function confusions({ classes, matrix }, most = 8) {
    const pairs = [];
    matrix.forEach((row, at) => {
        const all = row.reduce((sum, one) => sum + one, 0);
        row.forEach((number, column) => {
            if (number && at !== column) {
                pairs.push({ truth: classes[at], predicted: classes[column], number, share: `${percent(number / all)} of ${count(all)}` });
            }
        });
    });
    return pairs.sort((one, other) => other.number - one.number).slice(0, most);
}
