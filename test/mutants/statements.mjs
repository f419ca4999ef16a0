import ts from 'typescript';

/** @typedef {{ start: number, end: number, line: number, text: string }} Statement */

/**
 * The statements of a TypeScript source that can be deleted one by one: expressions that act, throws, plain returns, and
 * conditions that guard a throw or a return. Declarations stay, as what uses them would not compile.
 * @returns {Statement[]}
 */
export function statementsOf(source) {
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true);
  const found = [];
  const visit = (node) => {
    if (isDeletable(node)) {
      const start = node.getStart(file);
      const line = file.getLineAndCharacterOfPosition(start).line + 1;
      found.push({ start, end: node.end, line, text: source.slice(start, node.end).replace(/\s+/g, ' ') });
    }
    if (!isGuard(node)) ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function isDeletable(node) {
  return ts.isExpressionStatement(node) || ts.isThrowStatement(node) || isPlainReturn(node) || isGuard(node);
}

const isPlainReturn = (node) => ts.isReturnStatement(node) && !node.expression;

/** `if (…) throw …` or `if (…) return …`, also in braces: deleted as a whole, never in part. */
function isGuard(node) {
  if (!ts.isIfStatement(node) || node.elseStatement) return false;
  const { thenStatement } = node;
  const only = ts.isBlock(thenStatement) ? thenStatement.statements : [thenStatement];
  return only.length === 1 && (ts.isThrowStatement(only[0]) || ts.isReturnStatement(only[0]));
}
