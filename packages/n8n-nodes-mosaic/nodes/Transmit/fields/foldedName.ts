import { normalized } from '../generated/normalized';

/**
 * A form of an identifier in which all that a tenant may take for the same is the same: of whatever case, width and composition,
 * and with the host of an email in ASCII; identifiers that differ may be the same in it, too.
 */
export function foldedName(value: string): string {
	const text = normalized(value.trim(), 'NFKC').toLowerCase();
	const at = text.lastIndexOf('@');
	if (at < 0) return text;
	try {
		return text.slice(0, at + 1) + new URL(`http://${text.slice(at + 1)}`).hostname;
	} catch {
		return text;
	}
}
