"""Trains scikit-learn's classifiers on a split made by us and predicts its test rows.

    classify_models.py EXPORTER_FOLDER FOLDER WIDTH SEED TREES

FOLDER holds train.rows and test.rows (64-bit floats) and train.labels (32-bit integers). It gets, per model, NAME.labels
(the predictions), and for tree and forest NAME.json (the export).
"""

import os
import sys

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True

import numpy as np  # noqa: E402
from export_sklearn import export  # noqa: E402
from sklearn.ensemble import RandomForestClassifier  # noqa: E402
from sklearn.neighbors import KNeighborsClassifier  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.tree import DecisionTreeClassifier  # noqa: E402

FOLDER, WIDTH, SEED, TREES = sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])


def path(name):
    return os.path.join(FOLDER, name)


train = np.fromfile(path("train.rows"), "<f8").reshape(-1, WIDTH)
labels = np.fromfile(path("train.labels"), "<i4")
test = np.fromfile(path("test.rows"), "<f8").reshape(-1, WIDTH)
models = {
    "tree": DecisionTreeClassifier(random_state=SEED),
    "forest": RandomForestClassifier(TREES, random_state=SEED),
    "knn": make_pipeline(StandardScaler(), KNeighborsClassifier()),
}
for name, model in models.items():
    model.fit(train, labels).predict(test).astype("<i4").tofile(path(f"{name}.labels"))
    export(model, path(f"{name}.json"))
voters = models["knn"]
distances, _ = voters[-1].kneighbors(voters[0].transform(test), 6)
(distances[:, 5] - distances[:, 4] <= 1e-6 * (1e-9 + distances[:, 5])).astype("<i4").tofile(path("ties.labels"))
