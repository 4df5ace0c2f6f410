// The changes of a finding as text that can be pasted: options for config.yaml, and the difference to what is there. Pure.

/** Actions that are an option with a value. */
export const settings = (finding) => finding.actions.filter((action) => (action.kind === "set_config" || action.kind === "rescale") && action.to !== null && action.to !== undefined && action.to !== "" && /^[\w.-]+$/.test(action.key));

/** A value as YAML would read it back: quoted where it would become something else. */
export function yamlValue(value) {
  const text = String(value);
  if (/^[A-Za-z0-9_./%+-][A-Za-z0-9_./:%+ -]*$/.test(text) && !/[:\s]$|: | #/.test(text) && !/^(?:[-?:]$|- |~$|y$|n$|yes$|no$|on$|off$|null$)/i.test(text)) return text;
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n").replaceAll("\t", "\\t")}"`;
}

/** One line of a comment: nothing in it can end it. */
const comment = (text) => `# ${String(text).replaceAll(/\s+/g, " ")}`;

export function asYaml(finding, minute) {
  const lines = settings(finding).map((action) => ({ text: `${action.key}: ${yamlValue(action.to)}`, was: action.from }));
  const width = Math.max(0, ...lines.map((line) => line.text.length)) + 2;
  return [comment(`${finding.job_name}: ${finding.code} ${finding.slug}, ${minute} UTC`), ...lines.map((line) => (line.was === null || line.was === undefined ? line.text : `${line.text.padEnd(width)}${comment(`was ${line.was}`)}`))].join("\n") + "\n";
}

/** Lines of the difference: `kind` is "head", "del", "add". What stands at its default has no line to remove. */
export function diff(finding, configuration) {
  const known = new Map((configuration ?? []).map((option) => [option.key, option]));
  const lines = [{ kind: "head", text: "--- config.yaml" }, { kind: "head", text: "+++ config.yaml" }];
  for (const action of settings(finding)) {
    const option = known.get(action.key);
    const isSet = option ? option.set_by !== "default" : false;
    const from = option && !option.redacted ? option.value : action.from;
    if (isSet && from !== null && from !== undefined) lines.push({ kind: "del", text: `-${action.key}: ${yamlValue(from)}` });
    lines.push({ kind: "add", text: `+${action.key}: ${yamlValue(action.to)}` });
  }
  return lines;
}

/** Numbers of the actions that are settings, as in "1 and 2". */
export const settingNumbers = (finding) => { const wanted = new Set(settings(finding)); return finding.actions.flatMap((action, index) => (wanted.has(action) ? [String(index + 1)] : [])); };
