import { decimal } from './format.ts';
import { currentLanguage } from './language.ts';
import { messages } from './messages.ts';
import { useSelfTest } from './session-context.ts';

const text = messages.selfTest;

/** What the last whole self-test found on this device. */
export function SelfTestResult() {
  const record = useSelfTest();
  const when = record && new Date(record.at).toLocaleDateString(currentLanguage());
  return (
    <section>
      <h3>{text.title}</h3>
      {!record || when === null ? (
        <p>{text.none}</p>
      ) : record.faults.length === 0 ? (
        <p>{text.agrees(when, decimal(record.seconds, 1))}</p>
      ) : (
        <>
          <p>{text.off(when)}</p>
          <ul className="card-list" lang="en">
            {record.faults.map((fault) => (
              <li key={fault}>{fault}</li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
