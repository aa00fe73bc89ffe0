import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

/** An SMS as the gateway got it. */
export interface ReceivedSms {
  to: string;
  text: string;
  sender_id?: string;
  authorization?: string;
}

/** An email as the server got it. */
export interface ReceivedEmail {
  to: string;
  from: string;
  subject: string;
  text: string;
  html: string;
}

/** A real SMTP server and an SMS gateway, which keep what they are given. */
export interface Deliveries {
  options: { smtpUrl: string; mailFrom: string; smsUrl: string; smsToken: string };
  emails: ReceivedEmail[];
  smses: ReceivedSms[];
  /** The code, and the link, in a text. */
  codeOf(text: string): string | undefined;
  linkOf(text: string): URL | undefined;
  /** The code in the latest message to an address. */
  codeFor(address: string): string;
  /** The link in the latest email to an address. */
  linkFor(address: string): URL;
  close(): Promise<void>;
}

const codeOf = (text: string): string | undefined => /\b\d{6}\b/.exec(text)?.[0];
const linkOf = (text: string): URL | undefined => {
  const [link] = /https?:\S+/.exec(text) ?? [];
  return link ? new URL(link) : undefined;
};

export async function startDeliveries(): Promise<Deliveries> {
  const emails: ReceivedEmail[] = [];
  const smses: ReceivedSms[] = [];
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        void simpleParser(Buffer.concat(chunks)).then(({ to, from, subject = '', text = '', html }) => {
          const address = to && !Array.isArray(to) ? to.value[0]!.address! : '';
          emails.push({ to: address, from: from?.text ?? '', subject, text, html: html || '' });
          done();
        }, done);
      });
    },
  });
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  const gateway = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      smses.push({ ...(JSON.parse(body) as ReceivedSms), authorization: request.headers.authorization });
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  const latest = (address: string): { text: string } => {
    const found = [...emails, ...smses].findLast(({ to }) => to === address);
    if (!found) throw new Error(`Nothing went to ${address}`);
    return found;
  };
  return {
    options: {
      smtpUrl: `smtp://127.0.0.1:${(smtp.server.address() as AddressInfo).port}`,
      mailFrom: 'Shop <hello@shop.example.com>',
      smsUrl: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/sms`,
      smsToken: 'gateway-token',
    },
    emails,
    smses,
    codeOf,
    linkOf,
    codeFor: (address) => codeOf(latest(address).text)!,
    linkFor: (address) => linkOf(latest(address).text)!,
    async close() {
      await new Promise<void>((resolve) => smtp.close(resolve));
      await new Promise((resolve) => gateway.close(resolve));
    },
  };
}
