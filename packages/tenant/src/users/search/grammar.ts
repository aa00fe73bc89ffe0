import { createToken, EmbeddedActionsParser, Lexer, type IToken } from 'chevrotain';

/**
 * The grammar of a SCIM filter (RFC 7644, 3.4.2.2) without value paths: what a search says, before anyone looks at whether it
 * makes sense. Reading takes time in proportion to the length.
 */

/** A part of a filter. Positions are those of attributes, counted from 1. */
export type Filter =
  | { op: 'and' | 'or'; parts: Filter[] }
  | { op: 'not'; part: Filter }
  | { op: 'pr'; attribute: string; position: number }
  | { op: 'compare'; attribute: string; operator: string; literal: Literal; position: number };

/** A value as it was written: JSON (RFC 8259), numbers by their digits. */
export type Literal = { type: 'string' | 'number' | 'boolean'; text: string } | { type: 'null' };

/** What is wrong with a filter, and where, counted from 1. */
export class FilterError extends Error {
  override name = 'FilterError';
  readonly position: number;
  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

/** Deeper than any person writes; keeps the parser and PostgreSQL from running out of stack. */
const MAX_DEPTH = 50;
/** Keeps PostgreSQL from planning longer than it reads: with twice as many, that alone takes 50 ms. */
const MAX_EXPRESSIONS = 100;

const Space = createToken({ name: 'Space', pattern: /\s+/, group: Lexer.SKIPPED });
const Open = createToken({ name: 'Open', pattern: '(' });
const Close = createToken({ name: 'Close', pattern: ')' });
const Bracket = createToken({ name: 'Bracket', pattern: /[[\]]/ });
/** A JSON string, from where the lexer is. Each alternative begins with another character, so it is read once. */
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const Text = createToken({
  name: 'Text',
  pattern: (text, offset) => {
    STRING.lastIndex = offset;
    return STRING.exec(text);
  },
  start_chars_hint: ['"'],
  line_breaks: false,
});
const Word = createToken({ name: 'Word', pattern: /[^\s()"[\]]+/ });
const keyword = (name: string) => createToken({ name, pattern: new RegExp(name, 'i'), longer_alt: Word });
const And = keyword('and');
const Or = keyword('or');
const Not = keyword('not');
const Present = keyword('pr');
const TOKENS = [Space, Open, Close, Bracket, Text, And, Or, Not, Present, Word];
const lexer = new Lexer(TOKENS, { positionTracking: 'onlyOffset', recoveryEnabled: false });

class FilterParser extends EmbeddedActionsParser {
  constructor() {
    super(TOKENS, { recoveryEnabled: false, maxLookahead: 2 });
    this.performSelfAnalysis();
  }

  /** Or binds the least. */
  readonly filter = this.RULE('filter', (): Filter => {
    const parts: Filter[] = [this.SUBRULE(this.conjunction)];
    this.MANY(() => {
      this.CONSUME(Or);
      parts.push(this.SUBRULE2(this.conjunction));
    });
    return parts.length === 1 ? parts[0]! : { op: 'or', parts };
  });

  readonly conjunction = this.RULE('conjunction', (): Filter => {
    const parts: Filter[] = [this.SUBRULE(this.term)];
    this.MANY(() => {
      this.CONSUME(And);
      parts.push(this.SUBRULE2(this.term));
    });
    return parts.length === 1 ? parts[0]! : { op: 'and', parts };
  });

  readonly term = this.RULE('term', (): Filter =>
    this.OR([
      {
        ALT: () => {
          this.CONSUME(Not);
          return { op: 'not', part: this.SUBRULE(this.term) } as const;
        },
      },
      {
        ALT: () => {
          this.CONSUME(Open);
          const inner = this.SUBRULE(this.filter);
          this.CONSUME(Close);
          return inner;
        },
      },
      { ALT: () => this.SUBRULE(this.expression) },
    ]),
  );

  readonly expression = this.RULE('expression', (): Filter => {
    const { image: attribute, startOffset } = this.CONSUME(Word);
    const position = startOffset + 1;
    return this.OR([
      {
        ALT: () => {
          this.CONSUME(Present);
          return { op: 'pr', attribute, position } as const;
        },
      },
      {
        ALT: () => {
          this.CONSUME(Bracket);
          return this.ACTION((): Filter => {
            throw new FilterError('can name only attributes, no value paths in brackets', position);
          });
        },
      },
      {
        ALT: () => {
          const operator = this.CONSUME2(Word).image.toLowerCase();
          const literal = this.SUBRULE(this.literal);
          return { op: 'compare', attribute, operator, literal, position } as const;
        },
      },
    ]);
  });

  readonly literal = this.RULE('literal', (): Literal => {
    const token = this.OR([{ ALT: () => this.CONSUME(Text) }, { ALT: () => this.CONSUME(Word) }]);
    return this.ACTION(() => literalOf(token));
  });
}

function literalOf({ image, startOffset }: IToken): Literal {
  if (image.startsWith('"')) return { type: 'string', text: JSON.parse(image) as string };
  if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(image)) return { type: 'number', text: image };
  if (image === 'true' || image === 'false') return { type: 'boolean', text: image };
  if (image === 'null') return { type: 'null' };
  throw new FilterError('is not an expression', startOffset + 1);
}

let parser: FilterParser | undefined;

/** Reads a filter. @throws FilterError */
export function readFilter(expression: string): Filter {
  const { tokens, errors } = lexer.tokenize(expression);
  if (errors[0]) throw new FilterError('is not an expression', errors[0].offset + 1);
  if (tokens.length === 0) throw new FilterError('must not be empty', 1);
  checkSize(tokens);
  parser ??= new FilterParser();
  parser.input = tokens;
  const filter = parser.filter();
  const [fault] = parser.errors;
  if (!fault) return filter;
  const { token, name } = fault;
  // The end of the text has no offset.
  const position = token.startOffset >= 0 ? token.startOffset + 1 : expression.trimEnd().length + 1;
  // All that was read made sense, and more follows.
  const whole = name === 'NotAllInputParsedException';
  throw new FilterError(whole ? 'must join its parts with and or or' : 'is not an expression', position);
}

function checkSize(tokens: IToken[]): void {
  let expressions = 1;
  let depth = 0;
  let nots = 0;
  for (const { tokenType, startOffset } of tokens) {
    if (tokenType === Open) depth += 1;
    if (tokenType === Close) depth -= 1;
    if (tokenType === And || tokenType === Or) expressions += 1;
    nots = tokenType === Not ? nots + 1 : tokenType === Open ? nots : 0;
    if (depth + nots > MAX_DEPTH) {
      throw new FilterError(`must not nest deeper than ${MAX_DEPTH} levels`, startOffset + 1);
    }
    if (expressions > MAX_EXPRESSIONS) {
      throw new FilterError(`must not join more than ${MAX_EXPRESSIONS} expressions`, startOffset + 1);
    }
  }
}
