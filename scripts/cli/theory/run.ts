/** `theory`: a line a statement as it is checked, counterexamples below, and how many hold. */
import { check, type Outcome } from "../../../suites/theory/check.js";
import { openForms } from "../../../suites/theory/forms.js";
import { statements } from "../../../suites/theory/index.js";
import { EXIT } from "../exit.js";
import { invocationOf } from "../invocation.js";
import { parseTheoryOptions, type TheoryOptions } from "./options.js";

/** @returns the exit code. @throws Stop */
export async function theory(argv: readonly string[]): Promise<number> {
  const options = parseTheoryOptions(argv);
  if (!options) return EXIT.good;
  const forms = await openForms();
  const { statement: names } = options;
  const chosen = statements.filter(({ name }) => names.length === 0 || names.includes(name));
  console.log("section   cases  worst error / bound  statement");
  const outcomes: Outcome[] = [];
  for (const statement of chosen) {
    const outcome = await check(statement, forms, options);
    outcomes.push(outcome);
    console.log(line(outcome));
  }
  const broken = outcomes.filter(({ counterexample }) => counterexample);
  for (const outcome of broken) console.log(explanation(outcome, options));
  console.log(`${outcomes.length - broken.length} statements hold, ${broken.length} do not`);
  return broken.length > 0 ? EXIT.wrong : EXIT.good;
}

function line({ statement, cases, worst, counterexample }: Outcome): string {
  const { section, says, name } = statement;
  const figure = counterexample ? "FAILS" : worst.toFixed(3);
  // the number alone: the equation stands in the file
  const number = section.split(/[,;] /)[0];
  return `${number.padEnd(8)} ${String(cases).padStart(6)}  ${figure.padStart(19)}  ${says} (${name})`;
}

function explanation({ statement, counterexample }: Outcome, { cases, seed }: TheoryOptions): string {
  const { example, ratio, error } = counterexample!;
  const again = `${invocationOf("theory")} --statement ${statement.name} --seed ${seed} --cases ${cases}`;
  return [
    "",
    `${statement.name} (section ${statement.section}): ${error ?? `the error is ${ratio.toPrecision(3)} times its bound`}`,
    `  smallest case: ${JSON.stringify(example)}`,
    `  again: ${again}`,
  ].join("\n");
}
