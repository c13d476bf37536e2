"""KMedoids, an estimator in the manner of scikit-learn, and what it needs."""
