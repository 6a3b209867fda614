// Under an answer: its reading in parts that can be changed by a click, and what can be done with it.
// props: chips [{ kind, name, label, choices [{ id, label }] }], own (key of the answer's own plan), why, png, name
import { useRef, useState } from "react";
import { Button } from "@/components/ui/button";

export default function AnswerBar() {
  const here = useRef(null);
  const [said, setSaid] = useState("");
  const [busy, setBusy] = useState(false);

  const call = async (name, option) => {
    setBusy(true);
    try {
      const reply = await callAction({ name, payload: { option } });
      return reply && reply.response;
    } finally {
      setBusy(false);
    }
  };

  const save = async () => {
    const reply = await call("save", props.own);
    setSaid((reply && reply.said) || "This question cannot be saved.");
  };

  // The chart of this answer is the last one above this line; its own exporter draws the picture, on this machine.
  const png = () => {
    const plots = [...document.querySelectorAll(".js-plotly-plot")];
    const above = plots.filter((p) => p.compareDocumentPosition(here.current) & Node.DOCUMENT_POSITION_FOLLOWING);
    const plot = above[above.length - 1];
    const exporter = plot && plot.querySelector('.modebar-btn[data-title*="ownload"]');
    if (exporter) exporter.click();
  };

  return (
    <div ref={here} className="answer-bar">
      {props.chips.length ? (
        <div className="answer-chips" role="group" aria-label="Change the question">
          {props.chips.map((chip, index) => (
            <span key={index} className="answer-chip">
              <select
                aria-label={`${chip.name}: ${chip.label}. Choose another`}
                value=""
                disabled={busy}
                onChange={(event) => call("choose", event.target.value)}
              >
                <option value="">{`${chip.name}: ${chip.label}`}</option>
                {chip.choices.map((choice) => (
                  <option key={choice.id} value={choice.id}>
                    {choice.label}
                  </option>
                ))}
              </select>
            </span>
          ))}
        </div>
      ) : null}
      <div className="answer-tools">
        {props.png ? (
          <Button variant="ghost" size="sm" onClick={png}>
            Chart as PNG
          </Button>
        ) : null}
        <Button variant="ghost" size="sm" disabled={busy} onClick={save}>
          Save question
        </Button>
        {props.why ? (
          <Button variant="ghost" size="sm" disabled={busy} onClick={() => call("why", props.own)}>
            Why is this not my dashboard's number?
          </Button>
        ) : null}
        <span role="status" className="text-sm text-muted-foreground">
          {said}
        </span>
      </div>
    </div>
  );
}
