import type { SessionReading } from './session.ts';

/**
 * The 68 points of dlib, OpenFace and py-feat, taken from the 468 of MediaPipe's face mesh.
 *
 * There is no exact correspondence: these are the vertices on which the maps in use agree (github.com/PeizhiYan/Mediapipe_2_Dlib_Landmarks
 * among them), the two halves of the face mirrored. Eyes and lips lie well; the jaw (0-16) follows the mesh's outline,
 * not the contour in the picture that dlib was trained on. py-feat's own map (`DLIB68_FROM_MP478`) is not taken: it has
 * the chin at point 10 instead of 8, so its jaw is two points off on one side.
 */
const FROM_MESH = [
  [127, 234, 93, 58, 172, 136, 150, 176, 152, 400, 379, 365, 397, 288, 323, 454, 356], // jaw, from the picture's left
  [70, 63, 105, 66, 107], // brow at the left
  [336, 296, 334, 293, 300], // brow at the right
  [168, 197, 5, 4], // bridge of the nose
  [98, 97, 2, 326, 327], // below the nose
  [33, 160, 158, 133, 153, 144], // eye at the left
  [362, 385, 387, 263, 373, 380], // eye at the right
  [61, 39, 37, 0, 267, 269, 291, 321, 314, 17, 84, 91], // outer lips
  [78, 82, 13, 312, 308, 317, 14, 87], // inner lips
].flat();

/** `x_0` … `x_67`, `y_0` … `y_67`: the order in which OpenFace and py-feat list them. */
export const POINT_COLUMNS: readonly string[] = ['x', 'y'].flatMap((axis) => FROM_MESH.map((_, point) => `${axis}_${point}`));

/** The 68 points in px, all x and then all y; empty where there are no landmarks. */
export function points68(landmarks: Float32Array): Float32Array {
  if (landmarks.length === 0) return new Float32Array(0);
  return Float32Array.from([0, 1].flatMap((axis) => FROM_MESH.map((vertex) => landmarks[vertex * 2 + axis] ?? Number.NaN)));
}

/** px of the frame to a tenth, in the order of `POINT_COLUMNS`; all null where there were no landmarks. */
export function pointCells({ landmarks, points = points68(landmarks) }: Pick<SessionReading, 'landmarks' | 'points'>): (number | null)[] {
  return POINT_COLUMNS.map((_, index) => {
    const value = points[index];
    return value === undefined ? null : Math.round(value * 10) / 10;
  });
}
