import type { INodeExecutionData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { errorJson, nodeErrorOf } from '../output/errors';
import { summaryHints } from '../output/summary';
import { attempt, Cancelled, isConflict, Refusal } from '../requests/refusal';
import type { Job, Outcome } from './job';
import { ManyAtOnce } from './manyAtOnce';
import type { Operation } from './operation';
import type { Run } from './run';

/** Requests for many that are under way at once: as many as a tenant works on. */
const MOST_TOGETHER = 2;

/** A job, the items that want it, and what came of it. */
export interface Task {
	items: number[];
	job: Job;
	/** Whether an attempt before may have done it. */
	maybeDone?: boolean;
	outcome?: Outcome;
	error?: Error;
}

/**
 * Does an operation for all input items, several side by side.
 * @returns the output in the order of the input, each item paired with the one it is for
 * @throws NodeApiError or NodeOperationError for the first item that fails, unless the node continues on failure
 */
export async function execute(run: Run, operation: Operation): Promise<INodeExecutionData[]> {
	const { context } = run;
	const count = context.getInputData().length;
	const execution = new Execution(run, await ManyAtOnce.find(run, operation, count));
	for (let item = 0; item < count && !execution.hasEnded; item += 1)
		await execution.add(item, operation);
	const tasks = await execution.finish();
	if (execution.wasCancelled) {
		throw new NodeOperationError(
			run.node,
			`The execution was cancelled: ${doneOf(tasks)} were done before`,
		);
	}
	const failed = tasks.find(({ error }) => error);
	if (failed && !context.continueOnFail()) {
		throw nodeErrorOf(
			run.node,
			failed.error!,
			{ item: failed.items[0], subject: failed.job.subject },
			count > 1 || tasks.length > 1 ? doneOf(tasks) : undefined,
		);
	}
	const hints = summaryHints(tasks, run.unknownColumns);
	// Versions before 2.0 have none.
	if (hints.length > 0 && 'addExecutionHints' in context) context.addExecutionHints(...hints);
	// One question of several items has their output where each of them is.
	return tasks
		.flatMap((task) => outputOf(run, task))
		.sort((one, other) => one.pairedItem.item - other.pairedItem.item);
}

const doneOf = (tasks: Task[]): number => tasks.filter(({ outcome }) => outcome).length;

function outputOf(
	run: Run,
	{ items, job, outcome, error }: Task,
): Array<INodeExecutionData & { pairedItem: { item: number } }> {
	return items.flatMap((item) => {
		const output = outcome?.output ?? [errorJson(run, error!, item, job.subject)];
		return output.map((json) => ({ json, pairedItem: { item } }));
	});
}

/**
 * The work of an execution. It
 *
 * - GOES ON: jobs begin as soon as there is a place for them.
 * - HAS ENDED after a failure of a node that stops at one, or when it was cancelled: no job begins; those under way finish.
 */
class Execution {
	hasEnded = false;

	wasCancelled = false;

	private readonly tasks: Task[] = [];

	private readonly asked = new Map<string, Task>();

	/** How the latest job names its user. */
	private mode: string | undefined;

	private readonly underWay = new Set<Promise<void>>();

	/** Of the jobs that need one to tell what they are about, in the order of the items. */
	private lookUps = Promise.resolve();

	/** The requests for many that are under way, by the keys of their jobs: the next one is made ready meanwhile. */
	private readonly sending = new Map<Promise<void>, Set<string>>();

	constructor(
		private readonly run: Run,
		private readonly many: ManyAtOnce | undefined,
	) {}

	/** Begins what an item wants, when there is a place. */
	async add(item: number, operation: Operation): Promise<void> {
		let jobs: Job[];
		try {
			this.run.check();
			jobs = operation.jobs(this.run, item);
		} catch (error) {
			const task: Task = { items: [item], job: { run: async () => await Promise.reject(error) } };
			this.tasks.push(task);
			this.fail(task, error as Error);
			return;
		}
		for (const job of jobs) {
			if (this.hasEnded) return;
			await this.begin(item, job);
		}
	}

	/** Waits for all that began. */
	async finish(): Promise<Task[]> {
		await this.send();
		await Promise.all(this.sending.keys());
		await Promise.all(this.underWay);
		return this.tasks.filter(({ outcome, error }) => outcome !== undefined || error !== undefined);
	}

	private async begin(item: number, job: Job): Promise<void> {
		const same = job.question === undefined ? undefined : this.asked.get(job.question);
		if (same) {
			same.items.push(item);
			return;
		}
		const task: Task = { items: [item], job };
		this.tasks.push(task);
		if (job.question !== undefined) this.asked.set(job.question, task);
		await this.afterOtherNames(job.mode);
		if (this.many && job.many) {
			if (this.many.add(task)) await this.send();
			return;
		}
		// What was asked for before for the same user is done before.
		if (this.comesAfterMany(job)) {
			await this.send();
			await Promise.all(this.sending.keys());
		}
		await this.alone(task, [...this.underWay]);
	}

	/** What names users in another way may be about the same ones: it is done before. */
	private async afterOtherNames(mode: string | undefined): Promise<void> {
		const before = this.mode;
		this.mode = mode ?? before;
		if (mode === undefined || before === undefined || mode === before) return;
		await this.send();
		await Promise.all([...this.sending.keys(), ...this.underWay]);
	}

	/** Whether what was gathered, or is being sent, may be about the same, or give up what this one wants. */
	private comesAfterMany({ keys, moreKeys, moves }: Job): boolean {
		if (keys === undefined || moreKeys || moves) return true;
		const sending = [...this.sending.values()];
		return keys.some((key) => this.many?.has(key) || sending.some((theirs) => theirs.has(key)));
	}

	/**
	 * Does a task by itself, as soon as there is a place.
	 * @param earlier the work that began before
	 * @returns its work, once that has begun; undefined when the run has ended before
	 */
	private async alone(
		task: Task,
		earlier: Array<Promise<void>>,
	): Promise<{ work: Promise<void> } | undefined> {
		const { pool } = this.run;
		await pool.enter();
		if (this.hasEnded) {
			pool.leave();
			return undefined;
		}
		const work = this.inOrder(task, earlier)
			.then(
				(outcome) => void (task.outcome = outcome),
				(error: Error) => this.fail(task, error),
			)
			.finally(() => {
				pool.leave();
				this.underWay.delete(work);
			});
		this.underWay.add(work);
		return { work };
	}

	/** Runs a task after those before it about the same; what waited until the run has ended is not done. */
	private async inOrder(task: Task, earlier: Array<Promise<void>>): Promise<Outcome | undefined> {
		const { keys = [], moreKeys } = task.job;
		const run = async () => (this.hasEnded ? undefined : await this.tried(task, earlier));
		if (!moreKeys) return await this.run.pool.inOrder(keys, run);
		// Their order is told once all before it have been looked up.
		const before = this.lookUps;
		const looked = moreKeys().catch(() => []);
		let done: Promise<Outcome | undefined> | undefined;
		this.lookUps = (async () => {
			await before;
			done = this.run.pool.inOrder([...keys, ...(await looked)], run);
			done.catch(() => {});
		})();
		await this.lookUps;
		return await done;
	}

	/** @param earlier the work that began before: what a task is refused for as taken, they may give up */
	private async tried(
		{ job, maybeDone = false }: Task,
		earlier: Array<Promise<void>>,
	): Promise<Outcome> {
		const { pool, users } = this.run;
		try {
			const outcome = await attempt(job.run(maybeDone));
			if (!(outcome instanceof Refusal)) return outcome;
			if (!job.moves || !isConflict(outcome) || earlier.length === 0) throw outcome;
			// One of them may wait for a place.
			pool.leave();
			await Promise.all(earlier);
			pool.comeBack();
			if (this.hasEnded) throw outcome;
			return await job.run(maybeDone);
		} finally {
			if (job.moves) users.forget();
		}
	}

	/** Sends what was gathered, as soon as there is a place, and after what was sent before for the same users. */
	private async send(): Promise<void> {
		// A node that stops at a failure has to know of it before it sends more.
		const { context, settings } = this.run;
		const tasks = this.many?.take() ?? [];
		// Whom several names may lead to is known when they are sent.
		const isKnown = tasks.every(({ job }) => !job.moreKeys);
		const most =
			context.continueOnFail() && isKnown ? Math.min(MOST_TOGETHER, settings.maxConcurrency) : 1;
		const keys = new Set(tasks.flatMap(({ job }) => job.keys ?? []));
		const mustWait = () =>
			[...this.sending].flatMap(([sent, theirs]) =>
				this.sending.size >= most || [...theirs].some((key) => keys.has(key)) ? sent : [],
			);
		for (let before = mustWait(); before.length > 0; before = mustWait())
			await Promise.race(before);
		if (!isKnown) await Promise.all(this.underWay);
		if (this.hasEnded || tasks.length === 0) return;
		const earlier = [...this.underWay, ...this.sending.keys()];
		const sent = this.together(tasks, earlier).finally(() => this.sending.delete(sent));
		this.sending.set(sent, keys);
	}

	/** Does tasks in one request, and then by themselves those that may succeed so. */
	private async together(tasks: Task[], earlier: Array<Promise<void>>): Promise<void> {
		const work = async () => {
			// What goes by itself for the same users was asked for before.
			await this.run.pool.settled(tasks.flatMap(({ job }) => job.keys ?? []));
			const again = await this.many!.send(tasks);
			if (tasks.some(({ job }) => job.moves)) this.run.users.forget();
			for (const task of tasks) if (task.error) this.fail(task, task.error);
			const own: Array<Promise<void>> = [];
			for (const task of again) {
				const begun = this.hasEnded ? undefined : await this.alone(task, [...earlier, ...own]);
				if (begun) own.push(begun.work);
			}
			await Promise.all(own);
		};
		await work().catch((error: Error) => {
			// Nobody knows what became of those that were not told of.
			for (const task of tasks) if (!task.outcome && !task.error) this.fail(task, error);
		});
	}

	private fail(task: Task, error: Error): void {
		if (error instanceof Cancelled) {
			this.wasCancelled = true;
			this.hasEnded = true;
			return;
		}
		task.error = error;
		if (!this.run.context.continueOnFail()) this.hasEnded = true;
	}
}
