/** How many of the commonest passwords are refused. */
export const COMMON_PASSWORDS = 10_000;

let common: Promise<Set<string>> | undefined;

/** Whether a password is one of the commonest, in whatever case. The list is loaded when the first password is set. */
export async function isCommonPassword(password: string): Promise<boolean> {
  common ??= import('@zxcvbn-ts/language-common').then(
    ({ dictionary }) => new Set(dictionary['passwords-common'].slice(0, COMMON_PASSWORDS)),
  );
  return (await common).has(password.toLowerCase());
}
