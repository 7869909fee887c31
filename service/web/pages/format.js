/** @file Numbers and times as people read them. */

const COUNT = new Intl.NumberFormat("en");
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

export const count = (value) => COUNT.format(value);
export const short = (value) => SHORT.format(value);

/** 0.98534 as `98.5 %`; what is not quite all of it never reads `100 %`. */
export function percent(value, digits = 1) {
    if (value === null || value === undefined) return "–";
    const text = (value * 100).toFixed(digits);
    const isRoundedUp = Number(text) === 100 && value < 1;
    return `${isRoundedUp ? (100 - 10 ** -digits).toFixed(digits) : text} %`;
}

/** A probability that a network gives: it is never quite sure, and never quite sure of the contrary. */
export function chance(value) {
    if (value >= 0.9995) return "> 99.9 %";
    return value < 0.0005 ? "0 %" : percent(value);
}

/** A loss, a rate: four significant digits, no more. */
export function figure(value) {
    if (value === null || value === undefined) return "–";
    if (value === 0) return "0";
    const size = Math.abs(value);
    return size >= 1e-3 && size < 1e5 ? String(Number(value.toPrecision(4))) : value.toExponential(2);
}

/** A duration: `48 s`, `4 min 11 s`, `2 h 05 min`. */
export function seconds(value) {
    if (value === null || value === undefined) return "–";
    if (value < 10) return `${value.toFixed(1)} s`;
    const whole = Math.round(value);
    if (whole < 60) return `${whole} s`;
    if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
    return `${Math.floor(whole / 3600)} h ${String(Math.round((whole % 3600) / 60)).padStart(2, "0")} min`;
}

export function bytes(value) {
    const units = ["B", "KiB", "MiB", "GiB"];
    let size = value;
    while (size >= 1024 && units.length > 1) {
        size /= 1024;
        units.shift();
    }
    return `${size < 10 && units[0] !== "B" ? size.toFixed(1) : Math.round(size)} ${units[0]}`;
}

/** How long ago: `just now`, `5 min ago`, `3 h ago`, then a date. */
export function ago(time) {
    const passed = (Date.now() - new Date(time).getTime()) / 1000;
    if (passed < 45) return "just now";
    if (passed < 3600) return `${Math.max(1, Math.round(passed / 60))} min ago`;
    if (passed < 86_400) return `${Math.round(passed / 3600)} h ago`;
    return new Date(time).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
}

/** The moment in full, for a tooltip. */
export const moment = (time) => new Date(time).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** `1 image`, `7 images`. */
export const counted = (value, noun, plural = `${noun}s`) => `${count(value)} ${value === 1 ? noun : plural}`;
