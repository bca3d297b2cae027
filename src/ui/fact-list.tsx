import type { ReactNode } from 'react';

/** Names and what is known under them, a line each. */
export function FactList({ className, facts }: { className: string; facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={className}>
      {facts.map(([name, fact]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{fact}</dd>
        </div>
      ))}
    </dl>
  );
}
