import type { IDataObject } from 'n8n-workflow';
import type { Answer } from '../requests/answer';
import { checkStatus, faultsOf, objectOf } from '../requests/answer';
import { attempt, Refusal } from '../requests/refusal';
import type { Task } from './execute';
import type { Entry, Outcome } from './job';
import type { Operation } from './operation';
import type { Run } from './run';

const PATH = '/cis/v1/users/bulk';
/** The most users in one request, and the most characters: well below what a tenant takes, in bytes of UTF-8. */
const MOST = 500;
const MOST_CHARACTERS = 3_000_000;

/** What a request names its users, by its method. */
const LISTS = { POST: 'users', PUT: 'updates' } as const;

/** A task's part of a request. */
interface Part extends Entry {
	task: Task;
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
		const { manyAtOnce } = run.settings;
		const mayBeMany = operation.many !== undefined && (operation.many === 'list' || count > 1);
		const { account } = run.sender;
		if (!mayBeMany || !manyAtOnce || !account.isCustom) return undefined;
		// A tenant that says nothing about itself gets one request a job, which tell what is wrong.
		const request = { method: 'GET', path: '/openapi.json' } as const;
		const answer = await attempt(run.sender.send(request, 'harmless', ({ body }) => body));
		const { paths } = (answer instanceof Refusal ? {} : (answer ?? {})) as { paths?: IDataObject };
		return paths && PATH in paths ? new ManyAtOnce(run) : undefined;
	}

	/** Gathers a task. @returns whether it is time to send */
	add(task: Task): boolean {
		this.gathered.push(task);
		return this.gathered.length >= MOST;
	}

	/** Whether one with this key was gathered. */
	has(key: string): boolean {
		return this.gathered.some(({ job }) => job.keys?.includes(key));
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
		const order = new Map(tasks.map((task, place) => [task, place] as const));
		// Who they are is looked up before anything is sent: whom a name leads to that another item moves is seen after that.
		const again = tasksOfMovedNames(tasks);
		const late = new Set(again);
		const gathered = await this.parts(
			tasks.filter((task) => !late.has(task)),
			again,
		);
		// What comes after one that goes by itself, about the same, goes by itself after it. So does a user to be created after an
		// update about the same, since creations are sent first; and what would look again for one that another item creates.
		const firstAlone = new Map<string, number>();
		const goesAlone = (task: Task) => {
			const place = order.get(task)!;
			for (const key of keysOf(task))
				firstAlone.set(key, Math.min(place, firstAlone.get(key) ?? place));
		};
		again.forEach(goesAlone);
		const updated = new Set<string>();
		const created = new Set<string>();
		const parts = gathered.filter(({ task, method }) => {
			const place = order.get(task)!;
			const waits =
				keysOf(task).some((key) => place > (firstAlone.get(key) ?? place)) ||
				(method === 'POST' && isAbout(task, updated)) ||
				(looksAgain(task) && isAbout(task, created));
			if (waits) {
				goesAlone(task);
				again.push(task);
			} else {
				for (const key of keysOf(task)) (method === 'PUT' ? updated : created).add(key);
			}
			return !waits;
		});
		const unfinished = new Set<string>();
		for (const method of ['POST', 'PUT'] as const) {
			let together: Part[] = [];
			let characters = 0;
			for (const part of parts.filter((one) => one.method === method)) {
				const length = JSON.stringify(part.json).length;
				if (together.length > 0 && characters + length > MOST_CHARACTERS) {
					if (this.mustStop(tasks)) return [];
					again.push(...(await this.sendTogether(method, together, unfinished)));
					together = [];
					characters = 0;
				}
				together.push(part);
				characters += length;
			}
			if (this.mustStop(tasks)) return [];
			if (together.length > 0)
				again.push(...(await this.sendTogether(method, together, unfinished)));
		}
		return again.sort((one, other) => order.get(one)! - order.get(other)!);
	}

	/** What to send of each task. @param alone gets those that cannot go together */
	private async parts(tasks: Task[], alone: Task[]): Promise<Part[]> {
		const { pool, users } = this.run;
		await users.findTogether(tasks.flatMap(({ job }) => job.many?.user ?? []));
		const made = await Promise.all(
			tasks.map(async (task) => {
				await pool.enter();
				try {
					const entry = await task.job.many!.entry();
					if (entry) return { task, ...entry };
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
		return made.filter((part) => part !== undefined);
	}

	/** Whether a failure ends the run: nothing is sent after it. */
	private mustStop(tasks: Task[]): boolean {
		return !this.run.context.continueOnFail() && tasks.some(({ error }) => error);
	}

	/** @param unfinished the keys of jobs that are still to be done; those of this request are added */
	private async sendTogether(
		method: Entry['method'],
		all: Part[],
		unfinished: Set<string>,
	): Promise<Task[]> {
		const again: Task[] = [];
		const parts = all.filter(({ task }) => {
			const waits = isAbout(task, unfinished);
			if (waits) again.push(task);
			return !waits;
		});
		if (parts.length === 0) return again;
		const body = { [LISTS[method]]: parts.map(({ json }) => json) };
		const { pool, sender } = this.run;
		await pool.enter();
		const items = await attempt(
			sender.send(
				{ method, path: PATH, body },
				method === 'PUT' ? 'harmless' : 'harmful',
				(answer) => itemsOf(answer, parts.length),
			),
		).finally(() => pool.leave());
		if (items instanceof Refusal) {
			// By itself, each tells what is wrong with it; and one that may be done already looks for that.
			for (const { task } of parts) {
				task.maybeDone = items.maybeDone;
				for (const key of keysOf(task)) unfinished.add(key);
			}
			return [...parts.map(({ task }) => task), ...again];
		}
		for (const [place, { task }] of parts.entries()) {
			const { job } = task;
			const { user, error } = items[place] ?? {};
			// What comes after one that is to be done again, about the same, is done again after it.
			if (user && !isAbout(task, unfinished)) {
				settleWith(task, () => job.many!.outcome(user, method));
				continue;
			}
			const refusal = error && refusalOf(error);
			const passes = refusal && (refusal.details.retryable || job.many!.isPassing?.(refusal));
			if (refusal && !passes) settle(task, refusal);
			else {
				task.maybeDone = refusal?.maybeDone ?? true;
				again.push(task);
				for (const key of keysOf(task)) unfinished.add(key);
			}
		}
		return again;
	}
}

/** Those whose user is named by what an earlier one takes, or gives up. */
function tasksOfMovedNames(tasks: Task[]): Task[] {
	const moved = new Set<string>();
	return tasks.filter(({ job: { names = [], moves = [] } }) => {
		const isMoved = names.some((name) => moved.has(name));
		for (const key of moves) moved.add(key);
		return isMoved;
	});
}

const keysOf = ({ job }: Task): string[] => job.keys ?? [];

const looksAgain = ({ job }: Task): boolean => job.many?.isPassing !== undefined;

const isAbout = (task: Task, keys: Set<string>): boolean =>
	keysOf(task).some((key) => keys.has(key));

function settle(task: Task, error: Error): void {
	settleWith(task, () => {
		const outcome = task.job.many?.refused?.(error);
		if (!outcome) throw error;
		return outcome;
	});
}

function settleWith(task: Task, work: () => Outcome): void {
	try {
		task.outcome = work();
	} catch (error) {
		task.error = error as Error;
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
