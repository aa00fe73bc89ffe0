import type { EmailMessage } from './sender.ts';
import { textsIn } from './texts.ts';

/** The texts that an application brings for an email. */
export interface EmailContent {
  subject: string;
  primaryColor?: string;
  base64logo?: string;
  headerText?: string;
  bodyText?: string;
  linkText?: string;
  infoText?: string;
  footerText?: string;
  senderName?: string;
}

/** What a message is about. */
export interface Occasion {
  appName: string;
  /** As in Accept-Language. */
  language?: string;
  minutes: number;
}

const COLOR = '#1d4ed8';

/** An email with a code to type, or with a link to follow. */
export function signInEmail(
  to: string,
  given: { code: string } | { link: string },
  { appName, language, minutes }: Occasion,
  content?: EmailContent,
): EmailMessage {
  const { texts, lang } = textsIn(language);
  const isLink = 'link' in given;
  const fill = (text: string): string =>
    filled(text, { app: appName, minutes: String(minutes), code: isLink ? '' : given.code });
  const subject = content?.subject ?? fill(isLink ? texts.linkSubject : texts.codeSubject);
  const body = content?.bodyText ?? fill(isLink ? texts.link : texts.code);
  const info = content?.infoText ?? texts.info;
  const { headerText: header = appName, footerText: footer = '' } = content ?? {};
  const shown = isLink ? given.link : given.code;
  const color = content?.primaryColor ?? COLOR;
  const logo = content?.base64logo && imageOf(content.base64logo);
  const action = isLink
    ? `<a href="${escaped(given.link)}" style="background:${color};color:#fff;padding:12px 24px;border-radius:6px;text-decoration:none">${escaped(content?.linkText ?? texts.linkText)}</a>`
    : `<span style="font-size:32px;letter-spacing:6px;color:${color}">${escaped(given.code)}</span>`;
  return {
    to,
    subject,
    text: [header, body, shown, info, footer].filter(Boolean).join('\n\n') + '\n',
    html:
      `<!doctype html><html lang="${lang}"><body style="font-family:sans-serif;max-width:480px;margin:auto">` +
      (logo ? `<img src="${logo}" alt="" height="48">` : '') +
      `<h1 style="font-size:20px">${escaped(header)}</h1><p>${escaped(body)}</p><p>${action}</p>` +
      `<p style="color:#555">${escaped(info)}</p><p style="color:#555">${escaped(footer)}</p></body></html>`,
    ...(content?.senderName && { senderName: content.senderName }),
  };
}

/** The text of an SMS with a code. @param custom one of the application's own, with `{otp}` and `{app}` in it */
export function signInSms(code: string, { appName, language }: Omit<Occasion, 'minutes'>, custom?: string): string {
  return filled(custom ?? textsIn(language).texts.sms, { app: appName, otp: code, code });
}

const filled = (text: string, values: Record<string, string>): string =>
  text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);

/** A picture as a data URL; one that is not base64 is left out. */
function imageOf(base64: string): string | undefined {
  const [, data = base64] = /^data:image\/[\w.+-]+;base64,(.*)$/s.exec(base64) ?? [];
  return /^[\w+/]+=*$/.test(data) ? `data:image/png;base64,${data}` : undefined;
}
