import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** A mail server on this machine, which keeps what the tenant sends: it stands for the mailbox of the user who signs in. */
export interface Mailbox {
  /** For the tenant. */
  smtpUrl: string;
  /** The code in the latest email. */
  latestCode(): string;
  close(): Promise<void>;
}

/** Opens a mailbox on a free port. */
export async function openMailbox(): Promise<Mailbox> {
  let latest = '';
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, done) {
      let email = '';
      stream.on('data', (chunk: Buffer) => (email += chunk.toString()));
      stream.on('end', () => {
        latest = email;
        done();
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    smtpUrl: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    latestCode() {
      const [, code] = /^Subject: .*\b(\d{6})\b/m.exec(latest) ?? [];
      if (!code) throw new Error('No email with a code has come');
      return code;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
