#!/usr/bin/env python3
"""Writes a fitted scikit-learn model as JSON for `redoubt import-model`.

In a program:

    from export_sklearn import export
    export(model, "model.export.json", training=X_train)

or from the command line, for a model saved with joblib or pickle:

    python3 export_sklearn.py model.joblib model.export.json --feature-names temperature_C,humidity

and then

    redoubt import-model model.export.json --out model.json

Models: IsolationForest, DecisionTreeClassifier, RandomForestClassifier, KNeighborsClassifier (Euclidean distance, uniform
weights) and OneClassSVM (kernels rbf, linear, poly and sigmoid), each alone or at the end of a Pipeline whose only other step is a StandardScaler. Needs scikit-learn 1.0 or
newer and nothing else; written for and tested with 1.2.1.

Opening a pickle runs code from it: open only files of your own. The JSON holds numbers and names, no code.

The format, "redoubt-sklearn-export" version 1
----------------------------------------------
One JSON object. Floats are written with as many digits as they need to be read back bit for bit.

    format, version     "redoubt-sklearn-export", 1
    kind                "isolation-forest", "decision-tree", "random-forest", "k-nearest-neighbours" or "one-class-svm"
    library             {"name": "scikit-learn", "version": "1.2.1"}
    feature_names       names, in the order of the columns
    scaler              null, or {"mean": [...] or null, "scale": [...] or null}: x becomes (x - mean) / scale
    training            null, or {"rows": n, "features": [{"min", "max", "median", "mad", "mean", "sd"}, ...]} of the
                        training rows, unscaled; "mad" is the median absolute deviation
    check               {"rows", "scores", "labels"}: rows for the importer to repeat what scikit-learn said of them;
                        scores are score_samples (one number per row) or predict_proba (a list per row); labels are
                        what predict said, as 1 and -1 or as an index into "classes"

A tree is {"children_left", "children_right", "feature", "threshold", ...}, one entry per node; a leaf's children are
-1. A row goes left where float32(x[feature]) <= threshold. "feature" counts columns of the whole table also where a
tree saw only some of them.

    isolation-forest    max_samples, offset, denominator (trees times the average path length of max_samples),
                        decision_depth, average_path_length ([[rows, value], ...] for every leaf size), trees; each
                        tree has "n_node_samples".
                        A row's depth is the sum over the trees of (nodes on its path + average path length of the
                        leaf's rows) - 1; score_samples is -2 ** (-depth / denominator); predict is -1 where
                        depth < decision_depth. Where decision_depth is null, predict is -1 where
                        score_samples - offset < 0.
    decision-tree,      classes, anomaly_classes (null: the importer decides), trees; each tree has "weight" (the
    random-forest       weighted training rows) per node, and per leaf, in the order of the nodes, "probability" (one
                        list with an entry per class) and "leaf_class" (index of the largest value).
                        predict_proba is the mean over the trees.
    k-nearest-          classes, anomaly_classes, n_neighbors, points (training rows after the scaler), labels (an index
    neighbours          into classes per point). Of points at the same distance the first ones vote; scikit-learn leaves
                        open which do, so the check holds no row where that decides.
    one-class-svm       kernel, gamma, degree, coef0, support_vectors, dual_coef, intercept, offset
"""

import argparse
import csv
import gzip
import json
import pickle
import struct

import numpy as np
import sklearn
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.ensemble._iforest import _average_path_length
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM
from sklearn.tree import DecisionTreeClassifier

FORMAT = "redoubt-sklearn-export"
VERSION = 1
CHECK_ROWS = 32


class ExportError(ValueError):
    """The model is of a kind, or in a state, that cannot be exported exactly; the message says why."""


def _floats(values):
    """Plain Python floats, whose repr is read back bit for bit."""
    return np.asarray(values, dtype=np.float64).tolist()


def _tree(tree, columns=None):
    """Structure of a fitted tree; `columns` maps the tree's own features to columns of the whole table."""
    leaves = tree.children_left < 0
    feature = tree.feature.copy()
    if columns is not None:
        feature[~leaves] = np.asarray(columns)[feature[~leaves]]
    feature[leaves] = -1
    threshold = np.where(leaves, 0.0, tree.threshold)
    if not np.isfinite(threshold).all():
        raise ExportError("a tree splits on missing values, which cannot be exported")
    return {
        "children_left": tree.children_left.tolist(),
        "children_right": tree.children_right.tolist(),
        "feature": feature.tolist(),
        "threshold": _floats(threshold),
    }


def _decision_depth(denominator, offset, largest):
    """Smallest depth that scikit-learn still calls normal.

    Scores are often equal to the offset bit for bit (it is a quantile of them), so that the last bit of the power
    decides. The limit is searched with numpy's power, and read by programs whose power function is another.
    """

    def is_anomaly(depth):
        score = -(2 ** (-np.divide(np.array([depth]), denominator)))
        return bool((score - offset < 0)[0])

    def to_int(value):
        return struct.unpack("<q", struct.pack("<d", value))[0]

    def to_float(bits):
        return struct.unpack("<d", struct.pack("<q", bits))[0]

    if not is_anomaly(0.0):
        return 0.0
    if is_anomaly(largest):
        return None
    low, high = 0, to_int(largest)
    while high - low > 1:
        middle = (low + high) // 2
        if is_anomaly(to_float(middle)):
            low = middle
        else:
            high = middle
    return to_float(high)


def _isolation_forest(model):
    width = model.n_features_in_
    max_samples = int(getattr(model, "_max_samples", None) or model.max_samples_)
    subsampled = getattr(model, "_max_features", width) != width
    trees, sizes, largest = [], {1}, 0.0
    for estimator, columns in zip(model.estimators_, model.estimators_features_):
        tree = estimator.tree_
        stored = _tree(tree, columns if subsampled else None)
        stored["n_node_samples"] = tree.n_node_samples.tolist()
        trees.append(stored)
        sizes.update(tree.n_node_samples[tree.children_left < 0].tolist())
        largest += tree.max_depth + 2 + float(_average_path_length([tree.n_node_samples.max()])[0])
    sizes = sorted(sizes)
    # As score_samples computes it; 0 where each tree saw a single row.
    denominator = float((len(trees) * _average_path_length([max_samples]))[0])
    offset = float(np.ravel(model.offset_)[0])
    return {
        "max_samples": max_samples,
        "offset": offset,
        "denominator": denominator,
        "decision_depth": _decision_depth(denominator, offset, largest) if denominator > 0 else None,
        "average_path_length": [[n, v] for n, v in zip(sizes, _floats(_average_path_length(sizes)))],
        "trees": trees,
    }


def _class_label(label):
    value = label.item() if hasattr(label, "item") else label
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, (bool, int, float, str)):
        raise ExportError(f"class {value!r} is neither a number nor text")
    return value


def _classifier_tree(tree, classes):
    leaves = tree.children_left < 0
    value = tree.value[leaves, 0, :classes]
    probability = value
    if tuple(int(part) for part in sklearn.__version__.split(".")[:2]) < (1, 3):
        # Counts until scikit-learn 1.2, which predict_proba divides by their sum; fractions since.
        total = value.sum(axis=1)[:, np.newaxis]
        total[total == 0.0] = 1.0
        probability = value / total
    return {
        **_tree(tree),
        "weight": _floats(tree.weighted_n_node_samples),
        "probability": _floats(probability),
        "leaf_class": np.argmax(value, axis=1).tolist(),
    }


def _classifier_classes(model, anomaly_classes):
    classes = [_class_label(label) for label in model.classes_]
    chosen = None
    if anomaly_classes is not None:
        known = {str(label): label for label in classes}
        for label in anomaly_classes:
            if str(label) not in known:
                raise ExportError(f"anomaly class {label!r} is none of the model's: {', '.join(known)}")
        chosen = [known[str(label)] for label in anomaly_classes]
    return {"classes": classes, "anomaly_classes": chosen}


def _classifier(model, trees, anomaly_classes):
    if model.n_outputs_ != 1:
        raise ExportError(f"the model predicts {model.n_outputs_} outputs; only one can be exported")
    body = _classifier_classes(model, anomaly_classes)
    return {**body, "trees": [_classifier_tree(tree.tree_, len(body["classes"])) for tree in trees]}


def _neighbours(model, anomaly_classes):
    euclidean = model.effective_metric_ == "euclidean"
    if not euclidean or model.weights not in ("uniform", None):
        raise ExportError("of nearest neighbours only those with Euclidean distance and uniform weights can be exported")
    if getattr(model, "outputs_2d_", False):
        raise ExportError("the model predicts several outputs; only one can be exported")
    body = _classifier_classes(model, anomaly_classes)
    points = model._fit_X
    if not isinstance(points, np.ndarray):
        raise ExportError("the model was fitted on a sparse matrix; fit it on a dense one")
    return {
        **body,
        "n_neighbors": int(model.n_neighbors),
        "points": _floats(points),
        "labels": [int(label) for label in model._y],
    }


def _clear_rows(model, rows):
    """Leaves out rows whose k-th and next neighbours are equally far: who votes there is chance."""
    k = model.n_neighbors
    if k >= len(model._fit_X):
        return rows
    distances, _ = model.kneighbors(rows, k + 1)
    return rows[distances[:, k] - distances[:, k - 1] > 1e-6 * (1 + distances[:, k])]


def _one_class_svm(model):
    if model.kernel not in ("rbf", "linear", "poly", "sigmoid"):
        raise ExportError(f"kernel {model.kernel!r} cannot be exported; rbf, linear, poly and sigmoid can")
    if getattr(model, "_sparse", False):
        raise ExportError("the model was fitted on a sparse matrix; fit it on a dense one")
    return {
        "kernel": model.kernel,
        "gamma": float(model._gamma),
        "degree": int(model.degree),
        "coef0": float(model.coef0),
        "support_vectors": _floats(model.support_vectors_),
        "dual_coef": _floats(model.dual_coef_[0]),
        "intercept": float(model.intercept_[0]),
        "offset": float(np.ravel(model.offset_)[0]),
    }


def _body(model, anomaly_classes):
    """The model's own part of the export: kind and content."""
    if isinstance(model, IsolationForest):
        return "isolation-forest", _isolation_forest(model)
    if isinstance(model, RandomForestClassifier):
        return "random-forest", _classifier(model, model.estimators_, anomaly_classes)
    if isinstance(model, DecisionTreeClassifier):
        return "decision-tree", _classifier(model, [model], anomaly_classes)
    if isinstance(model, KNeighborsClassifier):
        return "k-nearest-neighbours", _neighbours(model, anomaly_classes)
    if isinstance(model, OneClassSVM):
        return "one-class-svm", _one_class_svm(model)
    raise ExportError(f"{type(model).__name__} cannot be exported")


def _unwrap(model):
    """A pipeline's scaler and last step."""
    if not isinstance(model, Pipeline):
        return None, model
    steps = [step for _, step in model.steps if step not in (None, "passthrough")]
    if len(steps) == 1:
        return None, steps[0]
    if len(steps) == 2 and isinstance(steps[0], StandardScaler):
        return steps[0], steps[1]
    raise ExportError("of pipelines only StandardScaler and a model can be exported")


def _scaler(scaler):
    if scaler is None:
        return None
    return {
        "mean": _floats(scaler.mean_) if scaler.with_mean else None,
        "scale": _floats(scaler.scale_) if scaler.with_std else None,
    }


def _training(rows):
    if rows is None:
        return None
    rows = np.asarray(rows, dtype=np.float64)
    median = np.median(rows, axis=0)
    columns = {
        "min": rows.min(axis=0),
        "max": rows.max(axis=0),
        "median": median,
        "mad": np.median(np.abs(rows - median), axis=0),
        "mean": rows.mean(axis=0),
        "sd": rows.std(axis=0),
    }
    features = [
        {name: float(values[feature]) for name, values in columns.items()} for feature in range(rows.shape[1])
    ]
    return {"rows": int(rows.shape[0]), "features": features}


def _check_rows(kind, body, core, width):
    """Rows near what the model cuts or supports, so that they reach all of it; in the space after the scaler."""
    random = np.random.RandomState(1)
    if kind == "one-class-svm":
        vectors = np.asarray(body["support_vectors"])
        rows = vectors[random.randint(len(vectors), size=CHECK_ROWS)]
        return rows + random.normal(size=rows.shape) * (0.5 * vectors.std(axis=0) + 1e-3)
    if kind == "k-nearest-neighbours":
        points = np.asarray(body["points"])
        rows = points[random.randint(len(points), size=CHECK_ROWS)]
        return _clear_rows(core, rows + random.normal(size=rows.shape) * (0.3 * points.std(axis=0) + 1e-3))
    cuts = [[] for _ in range(width)]
    for tree in body["trees"]:
        for feature, threshold in zip(tree["feature"], tree["threshold"]):
            if feature >= 0:
                cuts[feature].append(threshold)
    rows = np.zeros((CHECK_ROWS, width))
    for feature, values in enumerate(cuts):
        values = np.asarray(values or [0.0])
        noise = random.normal(size=CHECK_ROWS) * (0.1 * values.std() + 1e-3 * np.abs(values).mean())
        rows[:, feature] = values[random.randint(len(values), size=CHECK_ROWS)] + noise
    return np.clip(rows, -3e38, 3e38)


def _check(kind, body, whole, core, scaler, names_in):
    rows = _check_rows(kind, body, core, whole.n_features_in_)
    if scaler is not None:
        rows = scaler.inverse_transform(rows)
    table = rows
    if names_in is not None:
        try:
            import pandas

            table = pandas.DataFrame(rows, columns=names_in)
        except ImportError:
            pass
    is_classifier = kind in ("decision-tree", "random-forest", "k-nearest-neighbours")
    scores = whole.predict_proba(table) if is_classifier else whole.score_samples(table)
    labels = whole.predict(table)
    if is_classifier:
        labels = np.searchsorted(whole.classes_, labels)
    return {"rows": _floats(rows), "scores": _floats(scores), "labels": [int(label) for label in labels]}


def to_dict(model, feature_names=None, training=None, anomaly_classes=None):
    """The export as a dictionary; arguments as for `export`."""
    scaler, core = _unwrap(model)
    if not hasattr(core, "n_features_in_"):
        raise ExportError(f"the {type(core).__name__} is not fitted")
    kind, body = _body(core, anomaly_classes)
    width = int(model.n_features_in_)
    names_in = getattr(model, "feature_names_in_", None)
    if feature_names is None:
        feature_names = names_in if names_in is not None else [f"f{i}" for i in range(width)]
    feature_names = [str(name) for name in feature_names]
    if len(feature_names) != width:
        raise ExportError(f"{len(feature_names)} feature names for a model of {width} features")
    if training is not None and np.shape(training)[1:] != (width,):
        raise ExportError(f"the training rows have not {width} columns, as the model has")
    return {
        "format": FORMAT,
        "version": VERSION,
        "kind": kind,
        "library": {"name": "scikit-learn", "version": sklearn.__version__},
        "feature_names": feature_names,
        "scaler": _scaler(scaler),
        "training": _training(training),
        "check": _check(kind, body, model, core, scaler, names_in),
        **body,
    }


def export(model, path, feature_names=None, training=None, anomaly_classes=None):
    """Writes a fitted model as JSON.

    model            one of the models named above, fitted
    path             file to write
    feature_names    one per column; default the model's feature_names_in_, else f0, f1, ...
    training         the training rows; with them the importer knows the trained range, so that values far outside of
                     it are noticed and missing ones can be filled in
    anomaly_classes  classes of a classifier that mean an anomaly; default: the importer decides, and can be told
    """
    content = to_dict(model, feature_names, training, anomaly_classes)
    # allow_nan=False: NaN and infinity are no JSON, and no model that works holds them.
    text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _read_training(path, names):
    """The named columns of a CSV file with a header row, also gzipped; rows with an empty cell are left out."""
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        records = list(csv.DictReader(file))
    rows = [[record[name] for name in names] for record in records]
    return np.array([row for row in rows if all(row)], dtype=np.float64)


def _load(path):
    try:
        import joblib

        return joblib.load(path)
    except ImportError:
        with open(path, "rb") as file:
            return pickle.load(file)


def main():
    parser = argparse.ArgumentParser(description="export a fitted scikit-learn model for `redoubt import-model`")
    parser.add_argument("model", help="file written with joblib.dump or pickle.dump; opening it runs code from it")
    parser.add_argument("out", help="JSON file to write")
    parser.add_argument("--feature-names", metavar="A,B", help="names of the columns, separated by commas")
    parser.add_argument("--training", metavar="CSV", help="training rows, with the feature names in the header")
    parser.add_argument("--anomaly-classes", metavar="A,B", help="classes of a classifier that mean an anomaly")
    options = parser.parse_args()
    model = _load(options.model)
    names = options.feature_names.split(",") if options.feature_names else None
    classes = options.anomaly_classes.split(",") if options.anomaly_classes else None
    training = None
    if options.training:
        columns = names if names is not None else getattr(model, "feature_names_in_", None)
        if columns is None:
            columns = [f"f{i}" for i in range(model.n_features_in_)]
        training = _read_training(options.training, columns)
    try:
        export(model, options.out, names, training, classes)
    except ExportError as error:
        parser.exit(1, f"{parser.prog}: {error}\n")


if __name__ == "__main__":
    main()
