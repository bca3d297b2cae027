/**
 * Action units by geometry: the manifest says which distances between landmarks make each, this
 * file measures them. Knows no code, no threshold, no face model of its own.
 */
import type { ActionUnit } from '../shared/readings.ts';
import type { ActionUnitEntry } from './manifest.ts';

/**
 * A rule's measure: the weighted sum of distances from one landmark to another over the distance of
 * the outer eye corners, along the face's own axes: x from its right eye to its left one (to the
 * right in the picture), y down its face. `dx` and `dy` are signed (`to` minus `from`), `length` is not.
 */
export function measureActionUnit(rule: Pick<ActionUnitEntry, 'terms'>, landmarks: Float32Array, eyeCorners: readonly number[]): number {
  const at = (landmark: number) => [landmarks[landmark * 2] ?? Number.NaN, landmarks[landmark * 2 + 1] ?? Number.NaN] as const;
  const [rightX, rightY] = at(eyeCorners[0] ?? -1);
  const [leftX, leftY] = at(eyeCorners[1] ?? -1);
  const distance = Math.hypot(leftX - rightX, leftY - rightY);
  const axisX = (leftX - rightX) / distance;
  const axisY = (leftY - rightY) / distance;
  let measure = 0;
  for (const { kind, from, to, weight } of rule.terms) {
    const [fromX, fromY] = at(from);
    const [toX, toY] = at(to);
    const dx = toX - fromX;
    const dy = toY - fromY;
    const value = kind === 'length' ? Math.hypot(dx, dy) : kind === 'dx' ? dx * axisX + dy * axisY : dy * axisX - dx * axisY;
    measure += (weight * value) / distance;
  }
  return measure;
}

/** The action units of a face, in the manifest's order; none where there are no landmarks. */
export function findActionUnits(rules: readonly ActionUnitEntry[], landmarks: Float32Array, eyeCorners: readonly number[]): ActionUnit[] {
  if (landmarks.length === 0) return [];
  return rules.map((rule) => {
    const deviations = (measureActionUnit(rule, landmarks, eyeCorners) - rule.mean) / rule.deviation;
    const probability = 1 / (1 + Math.exp(rule.offset - rule.slope * deviations));
    // Eye corners that fall together give no scale: nothing is shown then.
    return { code: rule.code, probability: Number.isFinite(probability) ? probability : 0 };
  });
}
