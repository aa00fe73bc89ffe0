/** What messages say, in the languages that the tenant knows. `{app}`, `{code}` and `{minutes}` are filled in. */
export interface Texts {
  codeSubject: string;
  code: string;
  linkSubject: string;
  link: string;
  linkText: string;
  sms: string;
  info: string;
}

const TEXTS: Record<string, Texts> = {
  en: {
    codeSubject: 'Your code for {app}: {code}',
    code: 'Sign in to {app} with this code. It is good for {minutes} minutes:',
    linkSubject: 'Sign in to {app}',
    link: 'Sign in to {app} with this link. It is good for {minutes} minutes:',
    linkText: 'Sign in',
    sms: '{code} is your code for {app}.',
    info: 'If you did not ask for this, you need do nothing.',
  },
  de: {
    codeSubject: 'Ihr Code für {app}: {code}',
    code: 'Melden Sie sich mit diesem Code bei {app} an. Er gilt {minutes} Minuten:',
    linkSubject: 'Anmelden bei {app}',
    link: 'Melden Sie sich mit diesem Link bei {app} an. Er gilt {minutes} Minuten:',
    linkText: 'Anmelden',
    sms: '{code} ist Ihr Code für {app}.',
    info: 'Wenn Sie das nicht angefordert haben, brauchen Sie nichts zu tun.',
  },
  es: {
    codeSubject: 'Su código para {app}: {code}',
    code: 'Inicie sesión en {app} con este código. Es válido durante {minutes} minutos:',
    linkSubject: 'Inicie sesión en {app}',
    link: 'Inicie sesión en {app} con este enlace. Es válido durante {minutes} minutos:',
    linkText: 'Iniciar sesión',
    sms: '{code} es su código para {app}.',
    info: 'Si no lo ha solicitado, no tiene que hacer nada.',
  },
  fr: {
    codeSubject: 'Votre code pour {app} : {code}',
    code: 'Connectez-vous à {app} avec ce code. Il est valable {minutes} minutes :',
    linkSubject: 'Connexion à {app}',
    link: 'Connectez-vous à {app} avec ce lien. Il est valable {minutes} minutes :',
    linkText: 'Se connecter',
    sms: '{code} est votre code pour {app}.',
    info: 'Si vous n’êtes pas à l’origine de cette demande, vous n’avez rien à faire.',
  },
  ja: {
    codeSubject: '{app} の認証コード: {code}',
    code: 'このコードで {app} にサインインしてください。{minutes} 分間有効です:',
    linkSubject: '{app} へのサインイン',
    link: 'このリンクから {app} にサインインしてください。{minutes} 分間有効です:',
    linkText: 'サインイン',
    sms: '{app} の認証コードは {code} です。',
    info: 'お心当たりがない場合は、何もする必要はありません。',
  },
  pt: {
    codeSubject: 'Seu código para {app}: {code}',
    code: 'Entre em {app} com este código. Ele é válido por {minutes} minutos:',
    linkSubject: 'Entrar em {app}',
    link: 'Entre em {app} com este link. Ele é válido por {minutes} minutos:',
    linkText: 'Entrar',
    sms: '{code} é seu código para {app}.',
    info: 'Se você não pediu isto, não precisa fazer nada.',
  },
};

/** Those in a user's language. @param language as in Accept-Language; English where the tenant does not know it */
export function textsIn(language = 'en'): { texts: Texts; lang: string } {
  for (const wanted of language.split(',')) {
    const [lang = ''] = wanted.trim().toLowerCase().split(/[-_;]/);
    const texts = Object.hasOwn(TEXTS, lang) ? TEXTS[lang] : undefined;
    if (texts) return { texts, lang };
  }
  return { texts: TEXTS.en!, lang: 'en' };
}
