import type { NodeExecutionHint } from 'n8n-workflow';
import type { Task } from '../run/execute';

const MOST_COLUMNS = 10;

/** What a run of many items comes to, in one line; and what of the input was not used. */
export function summaryHints(
	tasks: Task[],
	unknownColumns: ReadonlySet<string>,
): NodeExecutionHint[] {
	const hints: NodeExecutionHint[] = [];
	if (tasks.length > 1) {
		const counts = new Map<string, number>();
		for (const { outcome } of tasks) {
			const done = outcome?.done ?? 'refused';
			counts.set(done, (counts.get(done) ?? 0) + 1);
		}
		const refused = counts.has('refused');
		const parts = [...counts].map(([done, count]) => `${count.toLocaleString('en-US')} ${done}`);
		hints.push({
			message: parts.join(', '),
			type: refused ? 'warning' : 'info',
			location: 'outputPane',
		});
	}
	if (unknownColumns.size > 0) {
		const names = [...unknownColumns].slice(0, MOST_COLUMNS).map((name) => `'${name}'`);
		const more = unknownColumns.size > MOST_COLUMNS ? ' and others' : '';
		hints.push({
			message: `Columns that are no attributes of a user were left out: ${names.join(', ')}${more}`,
			type: 'info',
			location: 'outputPane',
		});
	}
	return hints;
}
