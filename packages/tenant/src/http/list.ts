import type { FastifyReply } from 'fastify';
import type { ReadChunks } from '../database/database.ts';
import { JsonStream, type Written } from './jsonStream.ts';
import { Pace } from './pace.ts';

/** The most characters of JSON that the items of one page may have: a page ends early when its items are that large. */
const PAGE_MAX_CHARACTERS = 32 * 1024 * 1024;

/**
 * Answers with a page of a list: `result`, then what `rest` tells once it is known how many items the page has.
 * @param show gives what the API shows of a row
 */
export async function sendList<Row>(
  reply: FastifyReply,
  read: ReadChunks<Row>,
  show: (row: Row) => unknown,
  rest: (count: number) => object | Promise<object> = () => ({}),
): Promise<Written> {
  const out = new JsonStream(reply);
  const pace = new Pace();
  try {
    let count = 0;
    await out.write('{"result":[');
    await read(async (rows) => {
      for (const row of rows) {
        await out.write(`${count === 0 ? '' : ','}${JSON.stringify(show(row))}`);
        count += 1;
        await pace.step();
        if (out.length > PAGE_MAX_CHARACTERS) return false;
      }
      return true;
    });
    const more = JSON.stringify(await rest(count)).slice(1);
    return out.end(`]${more === '}' ? '' : ','}${more}`);
  } catch (error) {
    return out.fail(error);
  }
}
