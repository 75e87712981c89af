"""Eigenvalues of a symmetric matrix of 3N = 3000 with numpy's OpenBLAS, one thread: the peer of the group "modes" of
benches/vibrations.rs. Processor time, as in the bench.

    python3 benches/peers/eigvalsh.py
"""
import os
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
import time
import numpy as np

matrix = np.random.default_rng(0).standard_normal((3000, 3000))
matrix += matrix.T
for name, solve in [("values only", np.linalg.eigvalsh), ("with vectors", np.linalg.eigh)]:
    times = []
    for _ in range(2):
        start = time.process_time()
        solve(matrix)
        times.append(time.process_time() - start)
    print(f"{name}: {min(times):.2f} s")
