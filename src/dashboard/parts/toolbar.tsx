/** Fields of a search, whose values live in the address. Typing is followed after a moment of rest. */
import { useEffect, useRef } from 'preact/hooks';
import { queryOf, setQuery } from '../data/route.ts';
import { t } from '../data/texts.ts';

const restMs = 250;

export function SearchField({ hint }: { readonly hint: string }) {
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const value = queryOf('q');
  useEffect(() => {
    // The address changed from elsewhere (back, clear): the field follows, but not while it is being typed in.
    if (field.current !== null && document.activeElement !== field.current) field.current.value = value;
  }, [value]);
  return (
    <label class="search">
      <span class="hidden">{t('search')}</span>
      <input
        ref={field}
        type="search"
        name="q"
        placeholder={hint}
        defaultValue={value}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => {
          const text = event.currentTarget.value.trim();
          clearTimeout(timer.current);
          timer.current = setTimeout(() => setQuery({ q: text }), restMs);
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </label>
  );
}

interface SelectProps {
  readonly name: string;
  readonly label: string;
  /** The first is the one that leaves the address. */
  readonly options: readonly { readonly value: string; readonly text: string }[];
}

export function SelectField({ name, label, options }: SelectProps) {
  return (
    <label class="select">
      <span class="hidden">{label}</span>
      <select name={name} value={queryOf(name)} onChange={(event) => setQuery({ [name]: event.currentTarget.value })}>
        {options.map(({ value, text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
