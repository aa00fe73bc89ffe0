import type { Logger } from 'pino';
import type { Sender } from './sender.ts';

/**
 * Where nothing is configured, messages go to the log, codes and all: for trying things out. Each line says so, so that
 * nobody takes it for delivery.
 */
export const deliverByLog = (log: Logger): Pick<Sender, 'email' | 'sms'> => ({
  email({ to, subject, text }) {
    log.warn({ to, subject, text }, 'not sent, since TESSERA_SMTP_URL is not set: this email is in the log alone');
    return Promise.resolve();
  },
  sms({ to, text }) {
    log.warn({ to, text }, 'not sent, since TESSERA_SMS_URL is not set: this SMS is in the log alone');
    return Promise.resolve();
  },
});
