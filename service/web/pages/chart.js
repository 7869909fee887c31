/** @file Curves over epochs, as SVG that grows with its data: a legend that tells the figures, a cursor for mouse, finger and arrow keys. */

import { h, replace, s } from "./dom.js";
import { figure, percent } from "./format.js";

const HEIGHT = 220;
const MARGIN = { top: 10, right: 10, bottom: 26, left: 48 };

/**
 * @typedef {object} Line
 * @property {string} name
 * @property {number} colour 1 to 8
 * @property {boolean} [dashed]
 * @property {{x: number, y: number | null}[]} points
 */

export class Chart {
    /** @type {Line[]} */
    #lines = [];
    /** @type {number[]} epochs before which the learning rate changed */
    #marks = [];
    #at = null;
    #last = 2;

    /** @param {{title: string, isShare?: boolean}} options `isShare` for values in 0..1 that read as per cent */
    constructor({ title, isShare = false }) {
        this.title = title;
        this.write = isShare ? (value) => percent(value) : figure;
        this.isShare = isShare;
        this.drawing = s("svg", { role: "img", tabindex: "0", "aria-label": title });
        this.legend = h("ul.legend");
        this.element = h("div.chart", {}, h("h3", {}, title), this.legend, this.drawing);
        this.drawing.addEventListener("pointermove", (event) => this.#point(event));
        this.drawing.addEventListener("pointerdown", (event) => this.#point(event));
        this.drawing.addEventListener("pointerleave", () => this.#move(null));
        this.drawing.addEventListener("blur", () => this.#move(null));
        this.drawing.addEventListener("keydown", (event) => this.#key(event));
        this.#follow();
    }

    /** Draw again when the width changes; stops by itself when the chart is gone. */
    #follow() {
        const observer = new ResizeObserver(() => {
            if (this.element.isConnected) this.#draw();
        });
        observer.observe(this.element);
    }

    /**
     * @param {Line[]} lines
     * @param {{last: number, marks?: number[]}} span `last` is the epoch at the right end, done or not
     */
    show(lines, { last, marks = [] }) {
        this.#lines = lines;
        this.#last = Math.max(2, last);
        this.#marks = marks;
        this.#draw();
    }

    #draw() {
        const width = this.drawing.clientWidth || 460;
        const points = this.#lines.flatMap((line) => line.points).filter(({ y }) => Number.isFinite(y));
        const ticks = scale(points.map(({ y }) => y), this.isShare);
        const [low, high] = [ticks[0], ticks.at(-1)];
        this.x = (epoch) => MARGIN.left + ((epoch - 1) / (this.#last - 1)) * (width - MARGIN.left - MARGIN.right);
        this.y = (value) => HEIGHT - MARGIN.bottom - ((value - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
        this.drawing.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
        this.cursor = s("g");
        replace(this.drawing,
            ticks.map((tick) => [
                s("line.grid", { x1: MARGIN.left, x2: width - MARGIN.right, y1: this.y(tick), y2: this.y(tick) }),
                s("text", { x: MARGIN.left - 8, y: this.y(tick) + 4, "text-anchor": "end" }, this.isShare ? `${Math.round(tick * 1000) / 10} %` : figure(tick)),
            ]),
            epochTicks(this.#last, width).map((epoch) =>
                s("text", { x: this.x(epoch), y: HEIGHT - 6, "text-anchor": "middle" }, epoch)),
            this.#marks.map((epoch) =>
                s("line.rate", { x1: this.x(epoch - 0.5), x2: this.x(epoch - 0.5), y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom })),
            this.#lines.map((line) => this.#curve(line)),
            this.cursor);
        this.#move(this.#at);
        const words = this.#lines.map(({ name, points: all }) => `${name} ${this.write(lastOf(all))}`).join(", ");
        this.drawing.setAttribute("aria-label", `${this.title}: ${words || "nothing yet"}. Arrow keys go through the epochs.`);
    }

    #curve({ colour, dashed, points }) {
        const known = points.filter(({ y }) => Number.isFinite(y));
        const path = known.map(({ x, y }, index) => `${index ? "L" : "M"}${this.x(x).toFixed(1)} ${this.y(y).toFixed(1)}`).join("");
        const end = known.at(-1);
        return [
            s(`path.series-${colour}${dashed ? ".dashed" : ""}`, { d: path }),
            end && s(`circle.dot.series-${colour}`, { cx: this.x(end.x), cy: this.y(end.y), r: 4 }),
        ];
    }

    #point(event) {
        const box = this.drawing.getBoundingClientRect();
        const share = (event.clientX - box.left - MARGIN.left) / (box.width - MARGIN.left - MARGIN.right);
        this.#move(Math.round(1 + share * (this.#last - 1)));
    }

    #key(event) {
        const done = Math.max(0, ...this.#lines.flatMap(({ points }) => points.map(({ x }) => x)));
        const to = { ArrowLeft: (this.#at ?? done + 1) - 1, ArrowRight: (this.#at ?? 0) + 1, Home: 1, End: done, Escape: null }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        this.#move(to === null ? null : Math.min(done, Math.max(1, to)));
    }

    /** Tell the figures of one epoch, or of the last. */
    #move(epoch) {
        const isKnown = epoch !== null && this.#lines.some(({ points }) => points.some(({ x }) => x === epoch));
        this.#at = isKnown ? epoch : null;
        replace(this.cursor, isKnown && s("line.cursor", { x1: this.x(epoch), x2: this.x(epoch), y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom }),
            isKnown && this.#lines.map(({ colour, points }) => {
                const point = points.find(({ x }) => x === epoch);
                return point && Number.isFinite(point.y) && s(`circle.dot.series-${colour}`, { cx: this.x(epoch), cy: this.y(point.y), r: 4 });
            }));
        replace(this.legend, this.#lines.map((line) => {
            const value = isKnown ? line.points.find(({ x }) => x === epoch)?.y : lastOf(line.points);
            return h("li", {}, sample(line), line.name, " ", h("b", {}, this.write(value ?? null)));
        }), isKnown && h("li", {}, `epoch ${epoch}`));
    }
}

/** A short piece of the line, for a legend. */
export function sample({ colour, dashed }) {
    return s("svg", { viewBox: "0 0 18 8", "aria-hidden": "true" },
        s(`path.series-${colour}${dashed ? ".dashed" : ""}`, { d: "M1 4H17", "stroke-width": 2 }));
}

const lastOf = (points) => points.findLast(({ y }) => Number.isFinite(y))?.y ?? null;

/** Return round numbers from below the least to above the greatest value. */
export function scale(values, isShare) {
    let low = Math.min(...values);
    let high = Math.max(...values);
    if (!values.length) [low, high] = [0, 1];
    if (high - low < 1e-9) [low, high] = [low - (Math.abs(low) * 0.1 || 0.05), high + (Math.abs(high) * 0.1 || 0.05)];
    const rough = (high - low) / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough);
    const ticks = [];
    for (let tick = Math.floor(low / step) * step; tick < high + step * 0.999; tick += step) ticks.push(Number(tick.toPrecision(12)));
    const inRange = (tick) => Math.min(1, Math.max(0, tick));
    return isShare ? [...new Set(ticks.map(inRange))] : ticks;
}

function epochTicks(last, width) {
    const most = Math.max(2, Math.floor(width / 60));
    const step = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000].find((one) => (last - 1) / one <= most) ?? last;
    const ticks = [1];
    for (let tick = step === 1 ? 2 : step; tick <= last; tick += step) ticks.push(tick);
    return ticks;
}
