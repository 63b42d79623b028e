// What the page's modules are given from outside: plotly, and the data that analysis/report/figures/page_data.py writes.

declare const Plotly: {
  react(id: string, traces: object[], layout: object, config: object): Promise<any>;
  purge(id: string): void;
};

interface Uint8ArrayConstructor {
  fromBase64?(text: string): Uint8Array<ArrayBuffer>;
}

/** Numbers under their leading indices, such as (metric, data set, epoch, setting). */
interface Packed {
  shape: number[];
  data: Float32Array;
}

interface Axis {
  name: string;
  key: string;
  values: any[];
  bins: { labels: string[]; of: number[] } | null;
}

interface Metric {
  name: string;
  title: string;
  convention: string;
  higher: boolean;
}

interface Setting {
  at: number[];
  trials: number[];
  seeds?: number[];
  status: string;
}

/** An untrained fusion, or what trials began from (`start`). */
interface Reference {
  name: string;
  k: number;
  value: number;
  start: boolean;
}

interface Figure {
  id: string;
  draw: () => unknown;
  acts: string[];
  section: HTMLElement;
  stale: boolean;
  near: boolean;
}

/** The data of either page; what one figure alone draws stands under its name and is typed where it is read. */
interface PageData {
  axes: Axis[];
  settings: Setting[];
  metrics: Metric[];
  datasets: string[];
  epochs: number[];
  fusions: string[];
  starts: string[];
  failures: Record<number, string>;
  stopped: { rule: string; before: number[] } | null;
  noun: string;
  mixture: string;
  values: Packed;
  stds: Packed | null;
  seeds: Packed | null;
  spreads: Packed | null;
  [part: string]: any;
}
