import { createTransport } from 'nodemailer';
import { DELIVERY_MS, type EmailMessage } from './sender.ts';

/**
 * Sends emails by SMTP.
 * @param url `smtp://` or `smtps://`
 * @param from whom they come from: an address, or a name with an address in angle brackets
 */
export function deliverBySmtp(url: string, from: string) {
  const transport = createTransport({
    url,
    pool: true,
    connectionTimeout: DELIVERY_MS,
    greetingTimeout: DELIVERY_MS,
    socketTimeout: DELIVERY_MS,
  });
  const [, address = from] = /<([^>]+)>/.exec(from) ?? [];
  return {
    async email({ to, subject, text, html, senderName }: EmailMessage): Promise<void> {
      await transport.sendMail({ from: senderName ? { name: senderName, address } : from, to, subject, text, html });
    },
    close: (): void => transport.close(),
  };
}
