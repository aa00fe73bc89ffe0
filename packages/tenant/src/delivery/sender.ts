import type { Logger } from 'pino';
import { deliverByLog } from './logSender.ts';
import { deliverByHttp } from './smsSender.ts';
import { deliverBySmtp } from './smtpSender.ts';
import type { Outgoing } from '../outgoing/outgoing.ts';

/** An email to one address: text for those who read text, HTML for the others. */
export interface EmailMessage {
  to: string;
  subject: string;
  text: string;
  html: string;
  /** Name of the sender, beside the address that is configured. */
  senderName?: string;
}

/** An SMS to one number. */
export interface SmsMessage {
  /** E.164. */
  to: string;
  text: string;
  /** What the phone shows as the sender, where the network lets it. */
  senderId?: string;
}

/** Brings messages to people. What it resolves was taken by the server or gateway; what it rejects was not. */
export interface Sender {
  email(message: EmailMessage): Promise<void>;
  sms(message: SmsMessage): Promise<void>;
  close(): Promise<void>;
}

/** How messages go out; what is absent goes to the log. */
export interface DeliveryOptions {
  /** `smtp://` or `smtps://`, with user and password where the server wants them. */
  smtpUrl?: string;
  /** Whom emails come from. */
  mailFrom?: string;
  /** Takes each SMS as JSON by POST. */
  smsUrl?: string;
  /** Sent along as a bearer token. */
  smsToken?: string;
}

/** How long a server or gateway may take to take a message. */
export const DELIVERY_MS = 5000;

/** Sends by what is set up, and to the log otherwise. */
export function makeSender(
  { smtpUrl, mailFrom, smsUrl, smsToken }: DeliveryOptions,
  outgoing: Outgoing,
  log: Logger,
): Sender {
  const byLog = deliverByLog(log);
  const smtp = smtpUrl ? deliverBySmtp(smtpUrl, mailFrom ?? 'Tessera <no-reply@localhost>') : undefined;
  return {
    email: smtp?.email ?? byLog.email,
    sms: smsUrl ? deliverByHttp(outgoing, smsUrl, smsToken) : byLog.sms,
    close: async () => smtp?.close(),
  };
}
