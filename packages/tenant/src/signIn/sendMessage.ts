import type { FastifyBaseLogger } from 'fastify';
import { DeliveryFailed } from './errors.ts';

/** Waits until a message is taken. @throws DeliveryFailed when it is not; the log tells why, without the message */
export async function delivered(sending: Promise<void>, log: FastifyBaseLogger): Promise<void> {
  try {
    await sending;
  } catch (error) {
    const { name, code, responseCode } = error as NodeJS.ErrnoException & { responseCode?: number };
    log.error({ err: { type: name, code, responseCode } }, 'a message could not be sent');
    throw new DeliveryFailed(error);
  }
}
