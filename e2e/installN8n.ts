import { installN8n } from '../playground/src/installN8n.ts';

/** The end-to-end tests use the playground's n8n. */
export default function setup(): Promise<void> {
  return installN8n();
}
