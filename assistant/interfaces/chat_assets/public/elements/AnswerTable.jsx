// The table of an answer: formatted texts, sorted by the values behind them.
// props: title, columns [{ title, numeric }], rows [[{ text, key }]], note
import { useMemo, useState } from "react";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { Button } from "@/components/ui/button";
import { ArrowDown, ArrowUp } from "lucide-react";

const ALL_UP_TO = 15;
const FIRST = 10;
const MORE = 50;

function compare(a, b) {
  // Missing values come last in either direction.
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}

export default function AnswerTable() {
  const [sort, setSort] = useState({ column: null, down: true });
  const [shown, setShown] = useState(props.rows.length <= ALL_UP_TO ? ALL_UP_TO : FIRST);

  const rows = useMemo(() => {
    if (sort.column === null) return props.rows;
    const known = props.rows.filter((row) => row[sort.column].key !== null);
    const missing = props.rows.filter((row) => row[sort.column].key === null);
    known.sort((a, b) => compare(a[sort.column].key, b[sort.column].key) * (sort.down ? -1 : 1));
    return [...known, ...missing];
  }, [sort]);

  const clicked = (index) =>
    setSort(sort.column === index ? { column: index, down: !sort.down } : { column: index, down: props.columns[index].numeric });
  const direction = (index) => (sort.column !== index ? "none" : sort.down ? "descending" : "ascending");
  const align = (column) => (column.numeric ? "text-right tabular-nums" : "text-left");

  return (
    <div className="answer-table w-full">
      <div className="border rounded-md overflow-x-auto">
        <Table aria-label={props.title}>
          <TableHeader>
            <TableRow>
              {props.columns.map((column, index) => (
                <TableHead key={index} aria-sort={direction(index)} className={align(column)}>
                  <button className={"inline-flex items-center gap-1 font-medium " + align(column)} onClick={() => clicked(index)}>
                    {column.title}
                    {sort.column === index ? sort.down ? <ArrowDown size={14} /> : <ArrowUp size={14} /> : null}
                  </button>
                </TableHead>
              ))}
            </TableRow>
          </TableHeader>
          <TableBody>
            {rows.slice(0, shown).map((row, r) => (
              <TableRow key={r}>
                {row.map((cell, c) => (
                  <TableCell key={c} className={align(props.columns[c]) + " py-2"}>
                    {cell.text}
                  </TableCell>
                ))}
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </div>
      <div className="flex items-center gap-3 mt-1 text-sm text-muted-foreground">
        {rows.length > shown ? (
          <Button variant="ghost" size="sm" onClick={() => setShown(shown + MORE)}>
            Show more ({rows.length - shown})
          </Button>
        ) : null}
        {props.note ? <span>{props.note}</span> : null}
      </div>
    </div>
  );
}
