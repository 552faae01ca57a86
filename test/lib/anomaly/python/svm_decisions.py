"""Trains one-class SVMs with scikit-learn on the rows of a JSON list on standard input and prints their decisions.

Each entry is {"rows", "probes", "nu", "gamma"}; the answer is a list with {"decisions", "offset"} per entry.
"""

import json
import sys

import numpy as np
from sklearn.svm import OneClassSVM

answers = []
for entry in json.load(sys.stdin):
    model = OneClassSVM(nu=entry["nu"], gamma=entry["gamma"], tol=1e-9).fit(np.array(entry["rows"]))
    decisions = model.decision_function(np.array(entry["probes"]))
    answers.append({"decisions": decisions.tolist(), "offset": float(model.offset_[0])})
json.dump(answers, sys.stdout)
