#!/usr/bin/env python3
"""Asks a classifier of digits, trained apart, which class each sample of a model of digits has.

    pip install numpy scikit-learn
    nf sample --model digits.safetensors -n 1000 --guidance 1 --denoise --out draws.npy
    bench/peers/digits.py MNIST_DIRECTORY draws.npy

Sample number i is of class i mod 10, as nf sample draws them. It prints what share of MNIST's test images the classifier
names rightly, and of each file of samples.
"""
import gzip
import os
import sys

import numpy as np
from sklearn.neural_network import MLPClassifier


def read(directory, name, header):
    with gzip.open(os.path.join(directory, name)) as f:
        return np.frombuffer(f.read(), np.uint8, offset=header)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    directory = sys.argv[1]
    images = {s: read(directory, s + "-images-idx3-ubyte.gz", 16).reshape(-1, 784) / 255 for s in ("train", "t10k")}
    labels = {s: read(directory, s + "-labels-idx1-ubyte.gz", 8) for s in ("train", "t10k")}
    classifier = MLPClassifier((256,), batch_size=256, max_iter=12, early_stopping=True, random_state=1).fit(images["train"], labels["train"])
    print("test images: %.4f" % classifier.score(images["t10k"], labels["t10k"]))
    for path in sys.argv[2:]:
        draws = np.load(path).reshape(-1, 784) / 255
        named = classifier.predict(draws)
        asked = np.arange(len(draws)) % 10
        print("%s: %.4f of %d; by class %s" % (path, (named == asked).mean(), len(draws), " ".join("%.2f" % (named[asked == c] == c).mean() for c in range(10))))


if __name__ == "__main__":
    main()
