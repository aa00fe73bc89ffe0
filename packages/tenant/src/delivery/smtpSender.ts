import { DELIVERY_MS, type EmailMessage } from './sender.ts';

/**
 * Sends emails by SMTP.
 * @param url `smtp://` or `smtps://`
 * @param from whom they come from: an address, or a name with an address in angle brackets
 */
export function deliverBySmtp(url: string, from: string) {
  // Loaded for the first email: a start should not wait for it.
  const open = async () =>
    (await import('nodemailer')).createTransport({
      url,
      pool: true,
      connectionTimeout: DELIVERY_MS,
      greetingTimeout: DELIVERY_MS,
      socketTimeout: DELIVERY_MS,
    });
  let transport: ReturnType<typeof open> | undefined;
  const address = from.includes('<') ? from.slice(from.indexOf('<') + 1, from.lastIndexOf('>')) : from;
  return {
    async email({ to, subject, text, html, senderName }: EmailMessage): Promise<void> {
      const sent = { from: senderName ? { name: senderName, address } : from, to, subject, text, html };
      transport ??= open();
      // What failed is tried again for the next one.
      transport.catch(() => (transport = undefined));
      await (await transport).sendMail(sent);
    },
    close: async (): Promise<void> => (await transport)?.close(),
  };
}
