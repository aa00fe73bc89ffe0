import type { IDataObject } from 'n8n-workflow';
import type { Answer } from '../requests/answer';
import { checkStatus, faultsOf, objectOf } from '../requests/answer';
import { attempt, Refusal } from '../requests/refusal';
import type { Task } from './execute';
import type { Operation } from './operation';
import type { Run } from './run';

const PATH = '/cis/v1/users/bulk';
/** The most users in one request, and the most characters: half of what a tenant takes. */
const MOST = 500;
const MOST_CHARACTERS = 3_000_000;

/** What a request names its users, by its method. */
const LISTS = { POST: 'users', PUT: 'updates' } as const;

/** A job's part of a request. */
interface Entry {
	task: Task;
	json: IDataObject;
}

/** Gathers jobs, and does many of them in one request, where the tenant offers that. */
export class ManyAtOnce {
	private gathered: Task[] = [];

	private constructor(private readonly run: Run) {}

	/**
	 * Asks the tenant, without writing, whether it takes many at once. The vendor's cloud does not, and is not asked.
	 * @returns undefined when each job goes by itself
	 */
	static async find(
		run: Run,
		operation: Operation,
		count: number,
	): Promise<ManyAtOnce | undefined> {
		const { manyAtOnce = true } = run.options<{ manyAtOnce: boolean }>(0);
		const mayBeMany = operation.many !== undefined && (operation.many === 'list' || count > 1);
		const { account } = run.sender;
		if (!mayBeMany || !manyAtOnce || !account.isCustom) return undefined;
		// A tenant that says nothing about itself gets one request a job, which tell what is wrong.
		const answer = await attempt(account.send({ method: 'GET', path: '/openapi.json' }));
		const { paths } = (answer instanceof Refusal ? {} : (answer.body ?? {})) as {
			paths?: IDataObject;
		};
		return paths && PATH in paths ? new ManyAtOnce(run) : undefined;
	}

	/** Gathers a task. @returns whether it is time to send */
	add(task: Task): boolean {
		this.gathered.push(task);
		return this.gathered.length >= MOST;
	}

	/** What was gathered. */
	take(): Task[] {
		const tasks = this.gathered;
		this.gathered = [];
		return tasks;
	}

	/**
	 * Does tasks together; each has its outcome or error then.
	 * @returns those that are still to be done, by themselves
	 * @throws Cancelled
	 */
	async send(tasks: Task[]): Promise<Task[]> {
		const again: Task[] = [];
		const entries = await this.entries(tasks, again);
		let part: Entry[] = [];
		let characters = 0;
		for (const entry of entries) {
			const length = JSON.stringify(entry.json).length;
			if (part.length > 0 && characters + length > MOST_CHARACTERS) {
				again.push(...(await this.sendPart(part)));
				part = [];
				characters = 0;
			}
			part.push(entry);
			characters += length;
		}
		if (part.length > 0) again.push(...(await this.sendPart(part)));
		return again;
	}

	/** What to send of each task; some have to ask the tenant for it. @param alone gets those that cannot go together */
	private async entries(tasks: Task[], alone: Task[]): Promise<Entry[]> {
		const { pool } = this.run;
		const made = await Promise.all(
			tasks.map(async (task) => {
				await pool.enter();
				try {
					const json = await task.job.many!.entry();
					if (json) return { task, json };
					alone.push(task);
					return undefined;
				} catch (error) {
					settle(task, error as Error);
					return undefined;
				} finally {
					pool.leave();
				}
			}),
		);
		return made.filter((entry) => entry !== undefined);
	}

	private async sendPart(entries: Entry[]): Promise<Task[]> {
		const { method } = entries[0].task.job.many!;
		const body = { [LISTS[method]]: entries.map(({ json }) => json) };
		const items = await attempt(
			this.run.sender.send(
				{ method, path: PATH, body },
				method === 'PUT' ? 'harmless' : 'harmful',
				(answer) => itemsOf(answer, entries.length),
			),
		);
		if (items instanceof Refusal) {
			// By itself, each tells what is wrong with it; and one that may be done already looks for that.
			for (const { task } of entries) task.maybeDone = items.maybeDone;
			return entries.map(({ task }) => task);
		}
		const unfinished = new Set<string>();
		const again: Task[] = [];
		for (const [place, { task }] of entries.entries()) {
			const { job } = task;
			const { user, error } = items[place];
			// What comes after one that is to be done again, for the same user, is done again after it.
			if (user && !unfinished.has(job.key ?? '')) {
				task.outcome = job.many!.outcome(user);
				continue;
			}
			const refusal = error && refusalOf(error);
			if (refusal && !refusal.details.retryable) settle(task, refusal);
			else {
				again.push(task);
				if (job.key !== undefined) unfinished.add(job.key);
			}
		}
		return again;
	}
}

function settle(task: Task, error: Error): void {
	try {
		const outcome = task.job.many?.refused?.(error);
		if (outcome) task.outcome = outcome;
		else task.error = error;
	} catch (thrown) {
		task.error = thrown as Error;
	}
}

interface ItemAnswer {
	user?: IDataObject;
	error?: IDataObject;
}

function itemsOf(answer: Answer, count: number): ItemAnswer[] {
	const { items } = objectOf(answer) as { items?: ItemAnswer[] };
	if (!Array.isArray(items) || items.length !== count) {
		throw new Refusal(
			'The tenant did not tell what became of each user',
			{ retryable: false },
			{ maybeDone: true },
		);
	}
	return items;
}

/** The refusal of one user, as if it had been sent alone. */
function refusalOf(error: IDataObject): Refusal {
	const { error_code: status, ts_error_code: code } = error;
	try {
		const headers = typeof code === 'string' ? { 'x-error-code': code } : {};
		checkStatus({ statusCode: Number(status), headers, body: error });
	} catch (refusal) {
		return refusal as Refusal;
	}
	return new Refusal(faultsOf(error)[0] ?? 'The tenant refused the user', { retryable: false });
}
