import { SeededRandom } from "../../lib/common/seeded-random.js";

export const FUNCTIONS = ["office", "lecture", "library", "cafe", "lab", "lobby"] as const;
export type RoomFunction = (typeof FUNCTIONS)[number];

export interface AccessPoint {
  name: string;
  floor: number;
  function: RoomFunction;
  /** As in a controller's log. */
  location: string;
}

const HOURS = 168;
const AP_PER_FLOOR = 30;

/** Share of people at the hours 0 to 23 of a working day. */
const DAY: Readonly<Record<RoomFunction, readonly number[]>> = {
  office: [0, 0, 0, 0, 0, 0, 1, 4, 9, 10, 10, 9, 6, 8, 10, 10, 9, 6, 3, 2, 1, 0, 0, 0],
  lecture: [0, 0, 0, 0, 0, 0, 0, 2, 10, 8, 10, 7, 3, 9, 8, 10, 6, 4, 3, 2, 0, 0, 0, 0],
  library: [1, 1, 0, 0, 0, 0, 0, 1, 3, 5, 7, 8, 7, 8, 9, 10, 9, 8, 7, 6, 5, 4, 3, 2],
  cafe: [0, 0, 0, 0, 0, 0, 1, 3, 4, 4, 3, 9, 10, 8, 3, 3, 2, 2, 2, 1, 0, 0, 0, 0],
  lab: [1, 1, 1, 1, 1, 1, 1, 2, 5, 8, 9, 9, 7, 8, 9, 9, 9, 8, 6, 4, 3, 2, 2, 1],
  lobby: [1, 0, 0, 0, 0, 1, 2, 7, 10, 6, 4, 5, 8, 6, 4, 4, 6, 9, 6, 3, 2, 2, 1, 1],
};
/** Saturday's and Sunday's share of a working day. */
const WEEKEND: Readonly<Record<RoomFunction, readonly [number, number]>> = {
  office: [0.06, 0.03],
  lecture: [0.1, 0.01],
  library: [0.5, 0.35],
  cafe: [0.2, 0.05],
  lab: [0.25, 0.2],
  lobby: [0.3, 0.2],
};
const NO_ONE = 0.02;

/** The access points of floor 1 and on, thirty on each: `f03-lab-17`. */
export function accessPointsOf(count: number): AccessPoint[] {
  return Array.from({ length: count }, (_, i) => {
    const floor = Math.floor(i / AP_PER_FLOOR) + 1;
    const number = (i % AP_PER_FLOOR) + 1;
    const room = roomOf(floor, number);
    const two = (value: number) => String(value).padStart(2, "0");
    return {
      name: `f${two(floor)}-${room}-${two(number)}`,
      floor,
      function: room,
      location: `Campus > Building ${Math.ceil(floor / 5)} > Floor ${floor}`,
    };
  });
}

function roomOf(floor: number, number: number): RoomFunction {
  if (number <= 2) return "lobby";
  if (number <= 4) return floor % 3 === 1 ? "cafe" : "office";
  if (number <= 12) return floor % 2 === 1 ? "lecture" : "office";
  if (number <= 18) return floor % 4 === 0 ? "library" : "lab";
  return "office";
}

/** How many people are at each access point in each hour of the week: stable habits, as real buildings have. */
export class Building {
  readonly accessPoints: readonly AccessPoint[];
  /** Sums of the weights of the access points 0 … i, one row for each hour since Monday 00:00. */
  private readonly sums: Float64Array[];

  constructor(seed: number, count: number) {
    const random = new SeededRandom(seed ^ 0x5f1e_0001);
    this.accessPoints = accessPointsOf(count);
    this.sums = Array.from({ length: HOURS }, () => new Float64Array(count));
    for (const [i, accessPoint] of this.accessPoints.entries()) {
      const weights = weekOf(accessPoint.function, random);
      for (let hour = 0; hour < HOURS; hour++) {
        const row = this.sums[hour] as Float64Array;
        row[i] = (i > 0 ? (row[i - 1] as number) : 0) + (weights[hour] as number);
      }
    }
  }

  /** Weight of a whole hour of the week. */
  weightOf(hour: number): number {
    return (this.sums[hour] as Float64Array).at(-1) as number;
  }

  /** An access point by the habits of an hour of the week: of one floor, or of all of them. */
  pick(hour: number, random: SeededRandom, floor?: number): number {
    const row = this.sums[hour] as Float64Array;
    const first = floor === undefined ? 0 : (floor - 1) * AP_PER_FLOOR;
    const last = floor === undefined ? row.length - 1 : Math.min(row.length, floor * AP_PER_FLOOR) - 1;
    const low = first > 0 ? (row[first - 1] as number) : 0;
    const wanted = low + random.uniform() * ((row[last] as number) - low);
    let from = first;
    let to = last;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((row[middle] as number) > wanted) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  get floors(): number {
    return Math.ceil(this.accessPoints.length / AP_PER_FLOOR);
  }
}

/** 168 weights: the function's day, earlier or later, its weekdays, its size, and a timetable for lecture rooms. */
function weekOf(room: RoomFunction, random: SeededRandom): Float64Array {
  const size = Math.exp(random.gaussian(0, 0.7));
  const shift = random.gaussian(0, 0.9);
  const weekdays = Array.from({ length: 5 }, () => Math.exp(random.gaussian(0, 0.25)));
  const week = new Float64Array(HOURS);
  for (let hour = 0; hour < HOURS; hour++) {
    const day = Math.floor(hour / 24);
    const share = day < 5 ? (weekdays[day] as number) : WEEKEND[room][day - 5 === 0 ? 0 : 1];
    const isTaught = room !== "lecture" || day >= 5 || random.uniform() < 0.55;
    week[hour] = size * (share * dayAt(DAY[room], (hour % 24) - shift) * (isTaught ? 1 : 0.1) + NO_ONE);
  }
  return week;
}

/** Between two hours of a day, which begins again after the last one. */
function dayAt(day: readonly number[], hour: number): number {
  const low = Math.floor(hour);
  const at = (index: number) => day[((index % 24) + 24) % 24] as number;
  return at(low) + (hour - low) * (at(low + 1) - at(low));
}
