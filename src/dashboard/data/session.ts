/** Who is logged in, and what that person may do. */
import { computed, signal } from '@preact/signals';
import type { Me } from '../../api/dashboard-wire.ts';
import { act, read, whenLoggedOut } from './call.ts';

/** Undefined: not asked yet. */
export const me = signal<Me | undefined>(undefined);

export const isLoggedIn = computed(() => me.value?.name != null);
export const mayAct = computed(() => me.value !== undefined && me.value.role !== 'viewer');
export const isAdmin = computed(() => me.value?.role === 'admin');

export async function askWhoIAm(): Promise<void> {
  me.value = await read<Me>('/dashboard/api/me');
}

export async function logIn(key: string): Promise<void> {
  me.value = await act<Me>('/dashboard/api/login', { key });
}

export async function logOut(): Promise<void> {
  await act('/dashboard/api/logout');
  await askWhoIAm();
}

export function followLogin(): void {
  whenLoggedOut(() => {
    if (me.value !== undefined) me.value = { ...me.value, name: null, role: 'viewer' };
  });
}
