"""Action units by geometry: measures must not depend on place, size or tilt of the face."""

import numpy as np

from action_units import RULES, fit, measure, probabilities


def turned(points: np.ndarray, angle: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return points @ turn.T * scale + np.array(shift)


def faces(n: int = 40) -> np.ndarray:
    rng = np.random.default_rng(3)
    points = rng.uniform(40, 150, (1, 468, 2)) + rng.normal(0, 1, (n, 468, 2))
    points[:, 33], points[:, 263] = (60, 80), (130, 80)
    return points


def test_invariant_to_pose_in_the_plane():
    points = faces(1)
    for terms in (terms for _, terms in RULES.values()):
        assert np.allclose(measure(terms, points), measure(terms, turned(points, 0.4, 2.5, (30, -12))), atol=1e-9)


def test_neutral_faces_show_nothing_and_a_raised_corner_shows_au12():
    points = faces()
    rules = fit(points)
    calm = probabilities(rules, points)
    assert np.median([u["AU12"] for u in calm]) < 0.2
    smiling = points.copy()
    smiling[:, [61, 291], 1] -= 12
    assert np.median([u["AU12"] for u in probabilities(rules, smiling)]) > 0.9
    assert np.median([u["AU15"] for u in probabilities(rules, smiling)]) < 0.05


def test_a_raised_lower_lid_shows_au07_and_a_raised_chin_au17():
    points = faces()
    rules = fit(points)
    lids, chin = points.copy(), points.copy()
    lids[:, [145, 374], 1] -= 14
    chin[:, 152, 1] -= 14
    assert np.median([u["AU07"] for u in probabilities(rules, lids)]) > 0.9
    assert np.median([u["AU17"] for u in probabilities(rules, chin)]) > 0.9
    calm = probabilities(rules, points)
    assert np.median([u["AU07"] for u in calm]) < 0.2 and np.median([u["AU17"] for u in calm]) < 0.2
