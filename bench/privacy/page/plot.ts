import { element, escaped } from "./markup.js";

export interface Axis {
  from: number;
  to: number;
  ticks: readonly number[];
  label: string;
  logarithmic?: boolean;
  format?: (value: number) => string;
}

export interface PlotOptions {
  /** For those who cannot see it. */
  description: string;
  x: Axis;
  y: Axis;
  height?: number;
}

const WIDTH = 440;
const MARGIN = { left: 54, right: 22, top: 10, bottom: 40 } as const;

function position({ from, to, logarithmic }: Axis, value: number): number {
  return logarithmic ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
}

function short(value: number): string {
  return String(Number(value.toFixed(1)));
}

/** A chart as inline SVG: axes, and whatever is drawn into it; colours come from classes. */
export class Plot {
  private readonly height: number;
  private readonly parts: string[] = [];

  constructor(private readonly options: PlotOptions) {
    this.height = options.height ?? 270;
    this.drawAxes();
  }

  x(value: number): number {
    return MARGIN.left + position(this.options.x, value) * (WIDTH - MARGIN.left - MARGIN.right);
  }

  y(value: number): number {
    const clipped = Math.min(this.options.y.to, Math.max(this.options.y.from, value));
    return this.height - MARGIN.bottom - position(this.options.y, clipped) * (this.height - MARGIN.top - MARGIN.bottom);
  }

  private drawAxes(): void {
    const { x, y } = this.options;
    const bottom = this.height - MARGIN.bottom;
    for (const tick of y.ticks) {
      const at = this.y(tick);
      this.parts.push(
        element("line", { class: "gridline", x1: MARGIN.left, x2: WIDTH - MARGIN.right, y1: at, y2: at }),
      );
      const text = (y.format ?? short)(tick);
      this.parts.push(element("text", { class: "tick", x: MARGIN.left - 6, y: at + 4, "text-anchor": "end" }, text));
    }
    for (const tick of x.ticks) {
      const text = (x.format ?? short)(tick);
      const attributes = { class: "tick", x: this.x(tick), y: bottom + 16, "text-anchor": "middle" };
      this.parts.push(element("text", attributes, text));
    }
    const middle = (MARGIN.left + WIDTH - MARGIN.right) / 2;
    this.parts.push(
      element("line", { class: "axis", x1: MARGIN.left, x2: WIDTH - MARGIN.right, y1: bottom, y2: bottom }),
    );
    const label = { class: "label", x: middle, y: this.height - 6, "text-anchor": "middle" };
    this.parts.push(element("text", label, escaped(x.label)));
    const turned = { class: "label", transform: `translate(11 ${bottom / 2}) rotate(-90)`, "text-anchor": "middle" };
    this.parts.push(element("text", turned, escaped(y.label)));
  }

  /** A line through points; NaN breaks it. `steps` holds each value until the next. */
  line(points: readonly (readonly [number, number])[], style: string, { steps = false } = {}): this {
    let path = "";
    let pen = "M";
    for (const [x, y] of points) {
      if (Number.isNaN(y)) {
        pen = "M";
        continue;
      }
      const [px, py] = [short(this.x(x)), short(this.y(y))];
      path += pen === "M" || !steps ? `${pen}${px} ${py}` : `H${px}V${py}`;
      pen = "L";
    }
    this.parts.push(element("path", { class: `line ${style}`, d: path }));
    return this;
  }

  /** The area between a line and the bottom. */
  area(points: readonly (readonly [number, number])[], style: string): this {
    const [first, last] = [points[0], points.at(-1)];
    if (!first || !last) return this;
    const bottom = short(this.height - MARGIN.bottom);
    const top = points.map(([x, y]) => `L${short(this.x(x))} ${short(this.y(y))}`).join("");
    const path = `M${short(this.x(first[0]))} ${bottom}${top}L${short(this.x(last[0]))} ${bottom}Z`;
    this.parts.push(element("path", { class: `area ${style}`, d: path }));
    return this;
  }

  /** A dot with a tooltip. */
  dot(x: number, y: number, style: string, title: string, radius = 4): this {
    const attributes = { class: `dot ${style}`, cx: short(this.x(x)), cy: short(this.y(y)), r: radius };
    this.parts.push(element("circle", attributes, element("title", {}, escaped(title))));
    return this;
  }

  text(x: number, y: number, text: string, { dx = 0, dy = 0, anchor = "start", style = "" } = {}): this {
    const at = { class: `note ${style}`, x: short(this.x(x) + dx), y: short(this.y(y) + dy), "text-anchor": anchor };
    this.parts.push(element("text", at, escaped(text)));
    return this;
  }

  toString(): string {
    const attributes = { viewBox: `0 0 ${WIDTH} ${this.height}`, role: "img", "aria-label": this.options.description };
    return element("svg", attributes, this.parts.join(""));
  }
}
