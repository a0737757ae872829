const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
const INDENT = '  ';

/** JSON with line breaks; its values stay as they were written, also numbers that a parser would round. */
export function prettyJson(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  let depth = 0;
  let pretty = '';
  const tokens = text.match(TOKENS) ?? [];
  for (const [index, token] of tokens.entries()) {
    const isEmpty = '{['.includes(token) && '}]'.includes(tokens[index + 1] ?? ' ');
    if (token === '{' || token === '[') {
      depth += 1;
      pretty += isEmpty ? token : token + newLine(depth);
    } else if (token === '}' || token === ']') {
      depth -= 1;
      pretty += '{['.includes(tokens[index - 1] ?? ' ') ? token : newLine(depth) + token;
    } else if (token === ',') pretty += token + newLine(depth);
    else pretty += token === ':' ? ': ' : token;
  }
  return pretty;
}

function newLine(depth: number): string {
  return `\n${INDENT.repeat(depth)}`;
}
