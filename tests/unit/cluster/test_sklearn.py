"""KMedoids with scikit-learn: its own checks, and what people put an estimator into."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.6")  # the first whose checks tell what they expected

from sklearn.base import clone, is_clusterer
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks

from stormcell.cluster.estimator.kmedoids import KMedoids
from stormcell.distance.gower import Mixed

# We inherit nothing from scikit-learn, as we do not import it.
pytestmark = pytest.mark.filterwarnings("ignore:.*does not inherit from.*:UserWarning")

NO_PARTIAL_FIT = "calls partial_fit, which can do nothing with the dissimilarities of one batch, and says so"
EXPECTED = {
    "euclidean": {},
    "manhattan": {},
    "cosine": {"check_estimators_dtypes": "gives a row of zeros, which has no direction"},
    "precomputed": {
        "check_fit_score_takes_y": NO_PARTIAL_FIT,
        "check_n_features_in_after_fitting": NO_PARTIAL_FIT,
    },
}


@pytest.mark.parametrize("metric", list(EXPECTED))
@pytest.mark.filterwarnings("ignore:only .* rows differ:UserWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.EstimatorCheckFailedWarning")
def test_passes_the_checks_of_scikit_learn(metric: Any) -> None:
    results = estimator_checks.check_estimator(
        KMedoids(metric=metric), on_fail=None, expected_failed_checks=EXPECTED[metric]
    )
    failed = {result["check_name"]: result["exception"] for result in results if result["status"] == "failed"}
    assert failed == {}
    assert {result["check_name"] for result in results if result["status"] == "xfail"} == set(EXPECTED[metric])
    assert sum(result["status"] == "passed" for result in results) >= 40


@pytest.mark.parametrize("readonly", [False, True])
def test_passes_the_checks_of_clusterers(readonly: bool) -> None:
    # check_estimator leaves these to heirs of ClusterMixin.
    estimator_checks.check_clustering("KMedoids", KMedoids(), readonly_memmap=readonly)
    estimator_checks.check_clusterer_compute_labels_predict("KMedoids", KMedoids())
    estimator_checks.check_estimators_partial_fit_n_features("KMedoids", KMedoids())


def test_is_told_from_other_estimators() -> None:
    assert is_clusterer(KMedoids())
    assert KMedoids(metric="precomputed").__sklearn_tags__().input_tags.pairwise
    assert KMedoids(metric=Mixed()).__sklearn_tags__().input_tags.allow_nan


def test_a_clone_has_the_parameters_and_no_fit() -> None:
    model = KMedoids(2, metric=Mixed(weights=[1, 2]), random_state=7).fit(np.eye(4, 2))
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    with pytest.raises(NotFittedError, match="call fit"):
        copy.predict(np.eye(2))


def test_works_in_a_pipeline_and_a_search() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2)) + 9 * rng.integers(0, 3, size=(60, 1))
    pipeline = make_pipeline(StandardScaler(), KMedoids(3))
    assert set(pipeline.fit_predict(X)) == {0, 1, 2}
    assert pipeline.transform(X).shape == (60, 3)
    assert pipeline.get_feature_names_out().tolist() == ["kmedoids0", "kmedoids1", "kmedoids2"]
    search = GridSearchCV(KMedoids(), {"n_clusters": [1, 3]}).fit(X)
    assert search.best_params_ == {"n_clusters": 3}
