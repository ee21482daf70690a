// Patients and infusions by centre and category; in a page the same, without the first line.
const address = globalThis.process?.env.SWECAR ?? "http://127.0.0.1:8000";

const answer = await fetch(`${address}/api/v1/counts?by=centre,category&measures=patients,infusions&lang=en`);
if (!answer.ok) throw new Error((await answer.json()).detail);
const { rows, total, snapshot } = await answer.json();
for (const row of rows) {
  console.log(row.centre, row.category, row.suppressed ? ".." : `${row.patients} ${row.infusions}`);
}
console.log("total", total.patients, total.infusions, "snapshot", snapshot.number);
