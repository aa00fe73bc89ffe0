import type { Outgoing } from '../outgoing/outgoing.ts';
import { DELIVERY_MS, type SmsMessage } from './sender.ts';

/** Hands each SMS to an HTTP gateway: `{"to", "text", "sender_id"}` as JSON by POST. Any status of success means that it took it. */
export const deliverByHttp =
  (outgoing: Outgoing, url: string, token?: string) =>
  async ({ to, text, senderId }: SmsMessage): Promise<void> => {
    const answer = await outgoing.fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ to, text, ...(senderId && { sender_id: senderId }) }),
      signal: AbortSignal.timeout(DELIVERY_MS),
    });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`The SMS gateway answered with status ${answer.status}`);
  };
