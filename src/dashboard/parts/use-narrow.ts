/** Is the screen a phone's? Rows are two lines high there. */
import { signal } from '@preact/signals';

const query = matchMedia('(max-width: 720px)');
const narrow = signal(query.matches);
query.addEventListener('change', () => (narrow.value = query.matches));

export const isNarrow = (): boolean => narrow.value;
