// The table of sites, and what is known of each: its array, what hangs on it, the way from a root, the remedies, the
// statements.

import { useMemo, useState } from "preact/hooks";
import { Picture } from "./array_picture";
import { BarTable } from "./bars";
import type { Leaks, Remedy, Site } from "./document";
import { FlameView } from "./flame_view";
import { baseName, bytes, count, countOf } from "./format";
import { SortableTable, type Column } from "./sortable";
import type { Tree } from "./tree";

// What counts as one site in the table.
interface Ranked {
  site: Site;
  rank: number; // in the document's order
}

export function Remedies({ remedies, label }: { remedies: Remedy[]; label: string }) {
  const rows = remedies.map((remedy) => ({
    name: remedy.title,
    bytes: remedy.frees_bytes,
    detail: (
      <>
        {remedy.copies_bytes > 0 && <span class="quiet"> copies {bytes(remedy.copies_bytes)}</span>}
        {remedy.note !== "" && <span class="quiet">: {remedy.note}</span>}
      </>
    ),
  }));
  return <BarTable label={label} headings={["remedy", "frees", "bytes"]} bar="frees" rows={rows} dimNothing />;
}

function RetainedTypes({ site }: { site: Site }) {
  const rows = site.retained_types.slice(0, 12).map((row) => ({
    name: row.type,
    bytes: row.bytes,
    detail: <span class="quiet"> {countOf(row.objects, "object")}</span>,
  }));
  return <BarTable label="What the site keeps alive, by type" headings={["type", "part", "bytes"]} bar="keeps" rows={rows} />;
}

function Path({ steps }: { steps: string[] }) {
  return (
    <ol class="steps">
      {steps.map((step, i) => (
        <li key={i} class={i === steps.length - 1 ? "hidden-ink" : ""}>
          <code>{step}</code>
        </li>
      ))}
    </ol>
  );
}

function Details({ site, references }: { site: Site; references: Tree | null }) {
  const flame = useMemo(() => references?.part(site.reference_rows, site.site) ?? null, [references, site]);
  return (
    <div class="details">
      <p class="summary">{site.summary}</p>
      {site.picture && <Picture picture={site.picture} />}
      <div class="pair">
        <div>
          <h4>Alive by way of</h4>
          <Path steps={site.path} />
          {site.shared_with.length > 0 && (
            <>
              <h4>Slices of the same array are held by</h4>
              <ul class="plain">
                {site.shared_with.map((name, i) => (
                  <li key={i}>
                    <code>{name}</code>
                  </li>
                ))}
              </ul>
            </>
          )}
          {site.sources.length > 0 && (
            <>
              <h4>Made at</h4>
              <ul class="sources">
                {site.sources.map((source, i) => (
                  <li key={i}>
                    <div class="quiet" title={source.file}>
                      {baseName(source.file)}:{source.line} {source.function}
                    </div>
                    <code>{source.statement}</code>
                  </li>
                ))}
              </ul>
            </>
          )}
        </div>
        <div>
          <h4>What each remedy would free now</h4>
          <Remedies remedies={site.remedies} label={`Remedies for ${site.site}`} />
          {site.advice !== "" && <p class="advice">{site.advice}</p>}
          {site.joint_bytes > 0 && (
            <p class="notice">
              {countOf(site.joint_objects, "object")}, {bytes(site.joint_bytes)}, hang on other sites' slots too: freed when all are cleared, by none alone.
            </p>
          )}
          {site.doubt !== "" && (
            <p class="notice">
              In doubt: <code>{site.doubt}</code>; up to {bytes(site.retained_bytes_possible)} is possible.
            </p>
          )}
        </div>
      </div>
      {site.retained_types.length > 0 && (
        <>
          <h4>
            Keeps {countOf(site.retained_objects, "object")}, {bytes(site.retained_bytes)}
          </h4>
          <RetainedTypes site={site} />
        </>
      )}
      {flame && (
        <>
          <h4>Where its hidden slots lead, {bytes(flame.total(0))}</h4>
          <FlameView tree={flame} label={`Where the hidden slots of ${site.site} lead`} compact />
        </>
      )}
    </div>
  );
}

export function Sites({ leaks, references }: { leaks: Leaks; references: Tree | null }) {
  const rows = useMemo(() => leaks.sites.map((site, rank) => ({ site, rank })), [leaks]);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set(rows.length > 0 ? [0] : []));
  const toggle = (rank: number) => {
    const next = new Set(open);
    if (!next.delete(rank)) next.add(rank);
    setOpen(next);
  };
  const best = (site: Site) => Math.max(0, ...site.remedies.map((remedy) => remedy.frees_bytes));
  const most = Math.max(1, ...rows.map(({ site }) => site.retained_bytes));
  const columns: Column<Ranked>[] = [
    {
      key: "site",
      title: "Site",
      hint: "the variable, field or the like that holds the slices",
      value: ({ site }) => site.site,
      cell: ({ site, rank }) => (
        <button type="button" class="disclose" aria-expanded={open.has(rank)} onClick={() => toggle(rank)}>
          <span class="site-name">{site.site}</span>{" "}
          <span class="quiet">{site.category === "interior" ? site.element_type : `[]${site.element_type}`}</span>
        </button>
      ),
    },
    {
      key: "category",
      title: "Category",
      value: ({ site }) => site.category,
      cell: ({ site }) => <span class={`tag tag-${site.category}`}>{site.category}</span>,
    },
    {
      key: "retained",
      title: "Keeps alive",
      hint: "what the collector would free if the hidden slots of this site alone were cleared",
      number: true,
      value: ({ site }) => site.retained_bytes,
      cell: ({ site }) => (
        <span class="with-bar">
          {bytes(site.retained_bytes)}
          <span class="mini" style={{ width: `${(100 * site.retained_bytes) / most}%` }} aria-hidden="true" />
        </span>
      ),
    },
    { key: "objects", title: "Objects", number: true, minor: true, value: ({ site }) => site.retained_objects, cell: ({ site }) => count(site.retained_objects) },
    {
      key: "hidden",
      title: "Hides",
      hint: "bytes of the arrays themselves that no slice shows",
      number: true,
      minor: true,
      value: ({ site }) => site.hidden_bytes,
      cell: ({ site }) => bytes(site.hidden_bytes),
    },
    { key: "arrays", title: "Arrays", number: true, minor: true, value: ({ site }) => site.arrays, cell: ({ site }) => count(site.arrays) },
    { key: "frees", title: "Best remedy frees", number: true, minor: true, value: ({ site }) => best(site), cell: ({ site }) => bytes(best(site)) },
  ];
  const shownRemedies = leaks.remedies.filter((remedy) => remedy.frees_bytes > 0);
  return (
    <section aria-labelledby="sites-title">
      <h2 id="sites-title">Sites</h2>
      {rows.length === 0 ? (
        <p class="quiet">No slice, string or pointer hides memory that is worth a row.</p>
      ) : (
        <SortableTable
          caption="Sites: the places that hold slices over hidden memory"
          columns={columns}
          rows={rows}
          sort="retained"
          page={30}
          rowKey={({ rank }) => rank}
          below={({ site, rank }) => (open.has(rank) ? <Details site={site} references={references} /> : null)}
        />
      )}
      {leaks.sites_omitted > 0 && <p class="quiet">{countOf(leaks.sites_omitted, "smaller site")} left out.</p>}
      {rows.length > 1 && shownRemedies.length > 0 && (
        <details class="all-remedies">
          <summary>If every site were mended at once</summary>
          <Remedies remedies={shownRemedies} label="Remedies at all sites together" />
        </details>
      )}
    </section>
  );
}
