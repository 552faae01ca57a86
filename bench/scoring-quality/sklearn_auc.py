"""ROC AUC of scikit-learn's IsolationForest, trained without labels and scored on the same rows.

Reads one line of JSON, {"sets": [{"path", "features"}], "seeds", "trees", "sampleSize"}, and writes one per run, {"path", "seed", "auc"}.
"""

import csv
import gzip
import json
import sys

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score


def read(path, features):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = next(rows)
        table = np.array([row for row in rows if row], dtype=np.float64)
    columns = [header.index(name) for name in features]
    return table[:, columns], table[:, header.index("label")]


job = json.loads(sys.stdin.readline())
for entry in job["sets"]:
    rows, labels = read(entry["path"], entry["features"])
    for seed in job["seeds"]:
        forest = IsolationForest(n_estimators=job["trees"], max_samples=job["sampleSize"], random_state=seed)
        scores = -forest.fit(rows).score_samples(rows)
        auc = float(roc_auc_score(labels, scores))
        print(json.dumps({"path": entry["path"], "seed": seed, "auc": auc}), flush=True)
