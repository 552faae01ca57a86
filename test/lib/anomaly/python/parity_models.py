"""Fits models with scikit-learn, exports them with models/export_sklearn.py and writes what scikit-learn says of rows.

    parity_models.py EXPORTER_FOLDER OUT_FOLDER [CSV ...]

OUT_FOLDER gets, per model, NAME.json (the export), NAME.rows (64-bit floats; not for models of a CSV, whose rows are
the file's own), NAME.scores (64-bit floats) and NAME.labels (32-bit integers: 1 and -1, or an index of a class), and
manifest.json with one entry per model.
"""

import json
import os
import sys
import warnings

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
import pandas  # noqa: E402
from export_sklearn import export  # noqa: E402
from sklearn.ensemble import IsolationForest, RandomForestClassifier  # noqa: E402
from sklearn.neighbors import KNeighborsClassifier  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.svm import OneClassSVM  # noqa: E402
from sklearn.tree import DecisionTreeClassifier  # noqa: E402

OUT = sys.argv[2]
MODELS_PER_KIND = 20
SVM_ROWS = 1500
NEIGHBOUR_ROWS = 2000
ALGORITHMS = ["brute", "kd_tree", "ball_tree"]
manifest = []


def record(name, model, rows, training=None, csv=None):
    export(model, os.path.join(OUT, f"{name}.json"), training=training)
    table = rows if csv is None else pandas.DataFrame(rows, columns=[f"f{i}" for i in range(rows.shape[1])])
    is_classifier = hasattr(model, "predict_proba")
    labels = model.predict(table)
    if is_classifier:
        scores = model.predict_proba(table)
        labels = np.searchsorted(model.classes_, labels)
    else:
        scores = np.stack([model.score_samples(table), model.decision_function(table)], axis=1)
    if csv is None:
        rows.astype("<f8").tofile(os.path.join(OUT, f"{name}.rows"))
    scores.astype("<f8").tofile(os.path.join(OUT, f"{name}.scores"))
    labels.astype("<i4").tofile(os.path.join(OUT, f"{name}.labels"))
    kind = type(model[-1] if hasattr(model, "steps") else model).__name__
    classes = [str(label) for label in model.classes_] if is_classifier else None
    manifest.append({"name": name, "kind": kind, "width": int(rows.shape[1]), "classes": classes, "csv": csv})


def of_data_set(path):
    table = pandas.read_csv(path, float_precision="round_trip")
    name = os.path.basename(path).split(".")[0]
    labels = table.pop("label").to_numpy().astype(int)
    rows = table.to_numpy()
    random = np.random.RandomState(len(rows))
    forest = IsolationForest(random_state=1, contamination=0.05).fit(table)
    record(f"{name}-forest", forest, rows, csv=path)
    tree = DecisionTreeClassifier(max_depth=8, random_state=1).fit(table, labels)
    record(f"{name}-tree", tree, rows, csv=path)
    trees = RandomForestClassifier(30, random_state=1, class_weight="balanced").fit(table, labels)
    record(f"{name}-trees", trees, rows, training=rows, csv=path)
    few = np.random.RandomState(1).permutation(len(table))[:NEIGHBOUR_ROWS]
    voters = make_pipeline(StandardScaler(), KNeighborsClassifier()).fit(rows[few], labels[few])
    record(f"{name}-neighbours", voters, clear_rows(voters, rows[:NEIGHBOUR_ROWS]))
    some = table.iloc[random.permutation(len(table))[:SVM_ROWS]]
    record(f"{name}-svm", OneClassSVM(nu=0.05).fit(some), rows, csv=path)
    record(f"{name}-svm-scaled", make_pipeline(StandardScaler(), OneClassSVM(nu=0.02)).fit(some), rows, csv=path)


def random_rows(random):
    """Training rows of many shapes, small ones and ones full of repeated values among them, and rows to score."""
    count = int(random.choice([2, 3, 8, 30, 200, 1000]))
    width = int(random.choice([1, 2, 3, 7, 20, 300] if count < 300 else [1, 2, 5, 12]))
    rows = random.normal(size=(count, width)) * random.choice([0.01, 1, 100.0], size=width)
    style = random.randint(4)
    if style < 2:
        rows = np.round(rows, style)
    elif style == 2:
        rows = rows[random.randint(count, size=count)]
    moved = rows + random.normal(size=rows.shape) * rows.std(axis=0)
    return rows, np.vstack([rows, moved, random.normal(size=(20, width)) * 200])


def random_weights(random, rows):
    if random.rand() < 0.5:
        return None
    weights = random.choice([0, 0.1, 0.3, 1, 2.5, 3], size=len(rows))
    weights[:2] = 1
    return weights


def random_forest_of_isolation(random, rows, weights, seed):
    whole = rows.shape[1] < 3
    model = IsolationForest(
        n_estimators=int(random.choice([1, 3, 10, 100])),
        max_samples="auto" if random.rand() < 0.5 else int(random.choice([1, 2, 16])),
        max_features=1.0 if whole else float(random.choice([1.0, 0.5, 0.9])),
        bootstrap=bool(random.randint(2)),
        contamination="auto" if random.rand() < 0.3 else float(random.choice([0.02, 0.1, 0.37])),
        random_state=seed,
    )
    try:
        return model.fit(rows, sample_weight=weights)
    except ValueError:
        # scikit-learn from 1.8 on draws rows by their weights, and cannot where too few are above 0.
        return model.fit(rows, sample_weight=np.maximum(weights, 0.1))


def random_labels(random, rows, seed):
    """Two classes or more, named in one of the ways that people name them."""
    classes = int(random.choice([2, 3, 5, 10]))
    signal = 3 * rows[:, 0] / (rows[:, 0].std() + 1e-9) + random.normal(size=len(rows))
    labels = np.digitize(signal, np.quantile(signal, np.linspace(0, 1, classes + 1)[1:-1]))
    labels[0] = 0
    labels[-1] = 1
    if seed % 4 == 0:
        return np.array(["normal"] + [f"attack {i}" for i in range(1, classes)])[labels]
    return labels if seed % 4 < 3 else np.where(labels == 0, 1, -1)


def random_tree(random, rows, labels, weights, seed):
    model = DecisionTreeClassifier(
        criterion=str(random.choice(["gini", "entropy"])),
        max_depth=[None, 2, 5][random.randint(3)],
        min_samples_leaf=int(random.choice([1, 3, 10])),
        max_leaf_nodes=[None, 7][random.randint(2)],
        class_weight=[None, "balanced"][random.randint(2)],
        random_state=seed,
    )
    return model.fit(rows, labels, sample_weight=weights)


def random_trees(random, rows, labels, weights, seed):
    model = RandomForestClassifier(
        n_estimators=int(random.choice([1, 2, 10, 50])),
        max_depth=[None, 3][random.randint(2)],
        bootstrap=bool(random.randint(2)),
        min_samples_leaf=int(random.choice([1, 3])),
        class_weight=[None, "balanced", "balanced_subsample"][random.randint(3)],
        random_state=seed,
    )
    return model.fit(rows, labels, sample_weight=weights)


def clear_rows(model, rows):
    """Those whose voters are clear: of points at the same distance scikit-learn leaves open which vote."""
    voters, scaled = (model[-1], model[0].transform(rows)) if hasattr(model, "steps") else (model, rows)
    if voters.n_neighbors >= voters.n_samples_fit_:
        return rows
    distances, _ = voters.kneighbors(scaled, voters.n_neighbors + 1)
    last, following = distances[:, -2], distances[:, -1]
    return rows[following - last > 1e-6 * (1e-9 + following)]


def random_neighbours(seed, rows, labels):
    random = np.random.RandomState(1000 + seed)
    model = KNeighborsClassifier(int(random.randint(1, min(len(rows), 8) + 1)), algorithm=str(random.choice(ALGORITHMS)))
    return (model if random.randint(2) else make_pipeline(StandardScaler(), model)).fit(rows, labels)


def random_svm(random, rows, weights, seed):
    kernel = ["rbf", "rbf", "linear", "poly", "sigmoid"][seed % 5]
    # What the other kernels add up is as large as the values to a power: without a scaler only its first digits count.
    # All rows at their bound of a linear machine cancel each other out, and leave rounding errors to decide by.
    choices = [0.02, 0.1, 0.5, 0.9] if kernel == "rbf" else [0.05, 0.3]
    model = OneClassSVM(
        kernel=kernel,
        nu=float(random.choice(choices)),
        gamma=["scale", "auto", 0.01, 10.0][random.randint(4)] if kernel == "rbf" else "scale",
        degree=int(random.choice([2, 3])),
        coef0=float(random.choice([0, 1])),
        tol=float(random.choice([1e-3, 1e-8])),
    )
    # LIBSVM does not survive weights of 0 where few rows are left.
    weights = None if weights is None else np.maximum(weights, 0.1)
    if kernel == "rbf" and random.rand() < 0.5:
        return model.fit(rows, sample_weight=weights)
    return make_pipeline(StandardScaler(), model).fit(rows, oneclasssvm__sample_weight=weights)


def of_random_rows(seed):
    random = np.random.RandomState(seed)
    rows, probes = random_rows(random)
    weights = random_weights(random, rows)
    record(f"random-{seed}-forest", random_forest_of_isolation(random, rows, weights, seed), probes)
    labels = random_labels(random, rows, seed)
    record(f"random-{seed}-tree", random_tree(random, rows, labels, weights, seed), probes)
    record(f"random-{seed}-trees", random_trees(random, rows, labels, weights, seed), probes, training=rows)
    voters = random_neighbours(seed, rows, labels)
    record(f"random-{seed}-neighbours", voters, clear_rows(voters, probes), training=rows)
    svm_rows, svm_probes = random_rows(random)
    while len(svm_rows) < 8:
        svm_rows, svm_probes = random_rows(random)
    # Far beyond the training rows a power only amplifies how the machine rounds.
    svm_probes = svm_probes if seed % 5 < 2 else svm_probes[: 2 * len(svm_rows)]
    record(f"random-{seed}-svm", random_svm(random, svm_rows, random_weights(random, svm_rows), seed), svm_probes)


for data_set in sys.argv[3:]:
    of_data_set(data_set)
for number in range(MODELS_PER_KIND):
    of_random_rows(number)
with open(os.path.join(OUT, "manifest.json"), "w", encoding="utf-8") as file:
    json.dump(manifest, file)
